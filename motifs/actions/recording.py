"""Write every change of the catalogue's own rows into the one history, field by field.

Within ``recording`` each row that is saved or deleted, by whatever form, list, import
or action, is compared with what stood before. Django's signals say which rows; a bulk
deed sends none, and whoever does one there says it to ``Before``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_save, pre_delete, pre_save

from motifs.actions.history import record
from motifs.models import (
    Citation,
    Claim,
    Contribution,
    HistoryEntry,
    LookAlike,
    Motif,
    MotifName,
    Source,
)

if TYPE_CHECKING:
    from heritage.models import User

Values = dict[str, Any]
Row = dict[str, Any]

CITED = "citations"
"""A claim's citations are told as one of its values."""
FIELDS: dict[type[Model], tuple[str, ...]] = {
    Motif: ("slug", "family", "family_confidence", "status"),
    MotifName: ("name", "language", "kind", "position", "motif"),
    Claim: (
        "key",
        "kind",
        "language",
        "text",
        "confidence",
        "is_main",
        "position",
        "motif",
    ),
    LookAlike: ("first", "second", "tell_id", "tell_en", "is_sourced"),
    Source: ("key", "title", "author", "url", "year", "kind"),
    Contribution: ("motif", "opinion"),
}
"""What is on record of each table, in the order in which it is told."""
# Motifs are named by their slug, which never changes.
PATHS = {name: f"{name}__slug" for name in ("motif", "first", "second")}
NAMES = {
    MotifName: "{name}",
    Claim: "{key} ({language})",
    LookAlike: "{first} / {second}",
    Source: "{key}",
}
ADDED, CHANGED, DELETED = "added", "changed", "deleted"


@dataclass
class Before:
    """Rows that were touched, each as it stood before; None if there was none."""

    rows: dict[tuple[type[Model], int], Values | None] = field(default_factory=dict)

    def changes(self, row: Model) -> None:
        """Say that a row is about to be saved or deleted."""
        if isinstance(row, Citation):
            # Where it stood, and where it stands: a citation may be moved.
            stood = Citation.objects.filter(pk=row.pk).values_list("claim", flat=True)
            for claim_id in {row.claim_id, *stood}:
                self._keep(Claim, claim_id)
        elif row.pk is not None:
            self._keep(type(row), row.pk)

    def made(self, row: Model) -> None:
        """Say that a row has been added."""
        if not isinstance(row, Citation):
            self.rows.setdefault((type(row), row.pk), None)

    def _keep(self, model: type[Model], pk: int) -> None:
        if (model, pk) not in self.rows:
            self.rows[model, pk] = values_of(model, [pk]).get(pk)


_now: ContextVar[Before | None] = ContextVar("recording", default=None)


@contextmanager
def recording(
    *,
    by: User | None,
    why: str = "",
    verb: str = HistoryEntry.Verb.EDITED,
    contribution: Contribution | None = None,
    **data: Any,
) -> Iterator[Before]:
    """Record what changes in this block, in one transaction with it.

    One entry for each motif, source and contribution that is concerned; what comes out
    as it was is no entry, and so is what is rolled back within.

    Args:
        verb: what an entry of a motif says was done.
        contribution: the suggestion that it was done for.
        data: more to keep with each entry; JSON.
    """
    with transaction.atomic():
        before = Before()
        token = _now.set(before)
        try:
            yield before
        finally:
            _now.reset(token)
        _write(before, by, why.strip(), verb, contribution, data)


def values_of(model: type[Model], ids: Iterable[int]) -> dict[int, Values]:
    """The recorded values of rows as the database has them, by id."""
    names = FIELDS[model]
    paths = [PATHS.get(name, name) for name in names]
    wanted = list(ids)
    found = model._default_manager.filter(pk__in=wanted).order_by()
    values: dict[int, Values] = {
        pk: dict(zip(names, row, strict=True))
        for pk, *row in found.values_list("pk", *paths)
    }
    if model is Claim:
        for one in values.values():
            one[CITED] = []
        citations = Citation.objects.filter(claim__in=wanted).select_related("source")
        for citation in citations.order_by("position", "pk"):
            line = " | ".join(filter(None, (citation.source.key, citation.locator)))
            values[citation.claim_id][CITED].append(line)
    return values


def _write(
    before: Before,
    by: User | None,
    why: str,
    verb: str,
    contribution: Contribution | None,
    data: dict[str, Any],
) -> None:
    motifs: dict[str, list[Row]] = {}
    others: list[tuple[Model, str, Row]] = []
    Verb = HistoryEntry.Verb
    for model in FIELDS:
        ids = [pk for of, pk in before.rows if of is model]
        after = values_of(model, ids) if ids else {}
        for pk in sorted(ids):
            was, becomes = before.rows[model, pk], after.get(pk)
            row = _row(model, pk, was, becomes)
            if row is None:
                continue
            if model is Source:
                deeds = {ADDED: Verb.CREATED, DELETED: Verb.DELETED}
                others.append((Source(pk=pk), deeds.get(row["did"], Verb.EDITED), row))
            elif model is Contribution:
                others.append((Contribution(pk=pk), Verb.EDITED, row))
            else:
                for slug in _concerned(was, becomes):
                    motifs.setdefault(slug, []).append(row)
    found = Motif.objects.in_bulk(motifs, field_name="slug")
    for slug, rows in motifs.items():
        is_new = any(row["of"] == "motif" and row["did"] == ADDED for row in rows)
        record(
            Verb.CREATED if is_new else verb,
            by=by,
            motif=found[slug],
            contribution=contribution,
            reason=why,
            data={"rows": rows, **data},
        )
    for subject, done, row in others:
        about = {subject._meta.model_name or "": subject}
        record(done, by=by, reason=why, data={"rows": [row], **data}, **about)  # type: ignore[arg-type]


def _row(
    model: type[Model], pk: int, was: Values | None, becomes: Values | None
) -> Row | None:
    """What became of one row, or None if nothing did."""
    if was == becomes:
        return None
    stood, stands = was or {}, becomes or {}
    did = ADDED if was is None else DELETED if becomes is None else CHANGED
    return {
        "of": model._meta.model_name,
        "id": pk,
        "name": NAMES.get(model, "").format(**(stood or stands)),
        # What sort of claim it is, whatever was changed of it.
        "kind": (stands or stood).get("kind"),
        "did": did,
        "fields": {
            name: [stood.get(name), stands.get(name)]
            for name in (stands or stood)
            if stood.get(name) != stands.get(name)
        },
    }


def _concerned(*values: Values | None) -> list[str]:
    """Slugs of the motifs that a row is of, or was."""
    names = ("motif", "first", "second")
    found = [v[name] for v in values if v for name in names if v.get(name)]
    # A motif's own row has no other motif.
    found = found or [v["slug"] for v in values if v and "slug" in v]
    return list(dict.fromkeys(found))


def _touched(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    if (before := _now.get()) is not None:
        before.changes(instance)


def _made(sender: type[Model], instance: Any, created: bool, **kwargs: Any) -> None:
    if created and (before := _now.get()) is not None:
        before.made(instance)


_RECORDED: tuple[type[Model], ...] = (*FIELDS, Citation)
for _model in _RECORDED:
    pre_save.connect(_touched, sender=_model, dispatch_uid="motifs.recording.save")
    pre_delete.connect(_touched, sender=_model, dispatch_uid="motifs.recording.delete")
    post_save.connect(_made, sender=_model, dispatch_uid="motifs.recording.made")
