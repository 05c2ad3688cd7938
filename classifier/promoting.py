"""Which model answers: promote a version, or go a step back. Only lines are added."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from classifier import gate, ledger, model_folders, predictor
from classifier.evaluating import evaluate
from classifier.models import DatasetVersion, Evaluation, ModelVersion, Promotion
from classifier.refusals import ModelRefused

if TYPE_CHECKING:
    from heritage.models import User

PERMISSION = "classifier.promote_model"


@dataclass(frozen=True)
class Comparison:
    """Two versions on the test photos of one dataset, and what the gate says."""

    champion: Evaluation
    challenger: Evaluation
    verdict: gate.Verdict

    def as_json(self) -> dict[str, Any]:
        """Return what the ledger keeps of it."""
        return self.verdict.as_json() | {
            "dataset": self.challenger.dataset.number,
            "champion": self.champion.model_version.version,
            "challenger": self.challenger.model_version.version,
        }


def champion_row() -> ModelVersion | None:
    """Return the version that the ledger says answers, registered if it was not yet.

    None on a site without a model.
    """
    last = ledger.last_promotion()
    if last is not None:
        return last.to_version
    try:
        own = model_folders.verify(Path(settings.MODEL_FOLDER))
    except predictor.NoModel:
        return None
    version, _is_new = ModelVersion.objects.get_or_create(
        version=own.version,
        defaults={
            "sha256": own.sha256,
            "labels": list(own.labels),
            "embedding_size": own.embedding_size,
        },
    )
    if version.sha256 != own.sha256:
        raise ModelRefused(
            _("Another network is registered under the name %(version)s.")
            % {"version": own.version}
        )
    return version


def compare(*, version: ModelVersion, dataset: DatasetVersion) -> Comparison | None:
    """Evaluate a version and the champion on the same photos, and ask the gate.

    None where there is no champion to compare with.

    Raises CannotEvaluate as ``evaluate`` does, and ModelRefused as ``champion_row``.
    """
    champion = champion_row()
    if champion is None:
        return None
    before = evaluate(version=champion, dataset=dataset)
    after = evaluate(version=version, dataset=dataset)
    return Comparison(before, after, gate.compare(before.metrics, after.metrics))


def comparison(
    version: ModelVersion, champion: ModelVersion | None
) -> Comparison | None:
    """Return what is known of the two: on the newest dataset that both were asked of.

    No model is asked anything here.
    """
    if champion is None:
        return None
    of_champion = champion.evaluations.select_related("dataset", "model_version")
    before = {one.dataset_id: one for one in of_champion}
    after = (
        version.evaluations.filter(dataset__in=before)
        .select_related("dataset", "model_version")
        .order_by("-dataset__number")
        .first()
    )
    if after is None:
        return None
    earlier = before[after.dataset_id]
    return Comparison(earlier, after, gate.compare(earlier.metrics, after.metrics))


@transaction.atomic
def promote(*, version: ModelVersion, by: User, reason: str = "") -> Promotion:
    """Let a version answer from now on.

    Raises ModelRefused: ``by`` may not, it answers already, its folder is damaged, or
    the gate does not let it pass and no reason is given.
    """
    _alone(by)
    champion = champion_row()
    if champion == version:
        raise ModelRefused(_("It answers already."))
    _whole(version)
    found = comparison(version, champion)
    passed = found is not None and found.verdict.passed
    if not passed and not reason.strip():
        raise ModelRefused(
            _("The gate does not let it pass. Overruling needs a written reason.")
            if found
            else _(
                "It was not compared with the model that answers. Evaluate it first, "
                "or give a written reason."
            )
        )
    made = Promotion.objects.create(
        from_version=champion,
        to_version=version,
        promoted_by=by,
        gate=found.as_json() if found else {},
        passed_gate=passed,
        reason=reason.strip(),
    )
    transaction.on_commit(ledger.forget)
    return made


@transaction.atomic
def roll_back(*, by: User, reason: str = "") -> Promotion:
    """Let the version before answer again; a second time goes one further back.

    Raises ModelRefused: ``by`` may not, there is none before, or its folder is damaged.
    """
    _alone(by)
    earlier, champion = version_before(), champion_row()
    if earlier is None:
        raise ModelRefused(_("There is no earlier model to go back to."))
    _whole(earlier)
    made = Promotion.objects.create(
        from_version=champion,
        to_version=earlier,
        promoted_by=by,
        is_rollback=True,
        passed_gate=False,
        reason=reason.strip(),
    )
    transaction.on_commit(ledger.forget)
    return made


def version_before() -> ModelVersion | None:
    """Return the version that a step back leads to.

    Steps back undo promotions in turn, so what was stepped back from is passed over.
    """
    lines = Promotion.objects.order_by("pk").select_related(
        "from_version", "to_version"
    )
    live: list[ModelVersion | None] = []
    for line in lines:
        if not live:
            live.append(line.from_version)
        if line.is_rollback:
            live.pop()
        else:
            live.append(line.to_version)
    return live[-2] if len(live) > 1 else None


def _alone(by: User) -> None:
    """Let only those who may go on, one after the other until their commit."""
    if not by.has_perm(PERMISSION):
        raise ModelRefused(_("You may not promote models."))
    with connection.cursor() as cursor:
        # Who reads the ledger is not held up.
        cursor.execute("LOCK TABLE classifier_promotion IN EXCLUSIVE MODE")


def _whole(version: ModelVersion) -> None:
    try:
        model_folders.verify(ledger.folder_of(version), version.sha256)
    except predictor.NoModel as error:
        raise ModelRefused(
            _("Its files are not as they were made: %(problem)s") % {"problem": error}
        ) from error
