"""What is looked at automatically before people look: quality, copies, a suggestion.

Each step may be done twice and leaves the same as once, and whoever is killed between
two leaves a photo that ``missing_checks`` finds. Findings are flags; people decide.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Q, Value
from django.utils import timezone

from classifier import predictor
from classifier.models import (
    PATIENCE,
    ModelVersion,
    PhotoCheck,
    PhotoEmbedding,
    Prediction,
)
from classifier.uncertainty import uncertainty
from classifier.vectors import Near, likenesses, nearest
from motifs import copies
from motifs.actions import flag_photo, set_uncertainty, unflag_photo
from motifs.models import Contribution, Flag, Photo
from motifs.models.photo import PhotoQuerySet

logger = logging.getLogger(__name__)

SAME_PICTURE = 0.90
"""From this cosine of two embeddings on, they may be of the same picture.

Of 186 web photos of cloth, 17,205 pairs, two reached it with the starter model. A photo
cut by a tenth reached it in 93 of 100 cases, a brighter one in 96; what is smaller or
saved again is found by the perceptual hash.
"""
NOTHING_ALIKE = 0.5
"""Below this cosine a pair is of two pictures, however its perceptual hashes agree.

Regular patterns of one period have one hash, however they look. With the starter model
92 % of the pairs of 400 web photos of cloth are below; of their copies at half the size
none is, at a quarter a third.
"""
MOST_COPIES = 5
"""Copies that are flagged per photo and way of comparing, the most alike first."""
DOUBTS = 5
"""Failed attempts after which a person is asked to look; the machine goes on trying."""
LONGEST_PAUSE = timedelta(days=1)
# What ml.quality says, as a flag and the attribute that holds what was measured.
QUALITY = {
    "too_small": (Flag.Kind.TOO_SMALL, "short_side"),
    "dark": (Flag.Kind.TOO_DARK, "brightness"),
    "blown_out": (Flag.Kind.TOO_BRIGHT, "blown_out"),
    "blurred": (Flag.Kind.BLURRED, "sharpness"),
}
# What a check that succeeds decides anew: flags it does not raise are taken back.
DECIDED = {kind for kind, _measure in QUALITY.values()} | {
    Flag.Kind.NOT_CLOTH,
    Flag.Kind.UNREADABLE,
}


class AnotherModel(Exception):
    """Another network has this version's name already."""


def check_photo(*, photo: Photo) -> None:
    """Look at a photo: predict, remember its embedding, flag what asks for attention.

    Checked already, or in somebody's hands, or withdrawn, it is left alone.

    Raises Busy: there is no turn now; the photo still waits.
    """
    if photo.is_withdrawn:
        return
    with predictor.one_model():
        _check(photo)


def _check(photo: Photo) -> None:
    if not _begin(photo):
        return
    try:
        found = _look(photo)
    except predictor.Busy:
        _give_back(photo)
        raise
    except predictor.BadPhoto as error:
        is_small = error.code == "too_small"
        kind = Flag.Kind.TOO_SMALL if is_small else Flag.Kind.UNREADABLE
        flag_photo(photo=photo, kind=kind)
        flag_copies(photo, None)
        _finish(photo, problem=error.code)
        return
    quality, prediction = found
    version = None if prediction is None else _remember(photo, prediction)
    _flag_looks(photo, quality, prediction)
    flag_copies(photo, version)
    _finish(photo)


def champion_version() -> ModelVersion | None:
    """Return the champion's row; None without a model or before its first check."""
    said = predictor.describe()
    if said is None:
        return None
    return ModelVersion.objects.filter(version=said.version, sha256=said.sha256).first()


def register_version(prediction: predictor.Prediction) -> ModelVersion:
    """Return the row of the version that made a prediction, made at its first use.

    Raises AnotherModel.
    """
    version, _is_new = ModelVersion.objects.get_or_create(
        version=prediction.model_version,
        defaults={
            "sha256": prediction.sha256,
            "labels": list(prediction.scores),
            "embedding_size": len(prediction.embedding),
        },
    )
    if version.sha256 != prediction.sha256:
        raise AnotherModel(
            f"version {version} is registered with digest {version.sha256[:12]}, but "
            f"the model has {prediction.sha256[:12]}: give it a version of its own"
        )
    return version


def flag_copies(photo: Photo, version: ModelVersion | None) -> None:
    """Flag copies of a photo that others gave, on the newer one of each pair.

    Compared is with every photo that was not withdrawn, but for those of the same
    contribution, which are of one cloth. The measure is 1 for the same file; for near
    copies the share of bits that agree or the cosine of the embeddings, the larger.
    """
    others: PhotoQuerySet = Photo.objects.given().exclude(
        contribution=photo.contribution_id
    )
    exact = others.filter(sha256=photo.sha256).order_by("pk")[:MOST_COPIES]
    alike: dict[Photo, tuple[str, float]] = {}
    kept = PhotoEmbedding.objects.filter(photo=photo, model_version=version).first()
    hashed = _by_hash(photo, others)
    near: list[Near] = []
    if version is not None and kept is not None:
        found = nearest(others, version=version, vector=kept.vector, limit=MOST_COPIES)
        near = [one for one in found if one.likeness >= SAME_PICTURE]
        seen = likenesses(
            [one.photo for one in hashed], version=version, vector=kept.vector
        )
        hashed = [n for n in hashed if seen.get(n.photo.pk, 1.0) >= NOTHING_ALIKE]
    for other, likeness in (*hashed, *near):
        most = max(likeness, alike[other][1] if other in alike else 0.0)
        alike[other] = (Flag.Kind.NEAR_COPY, most)
    alike |= dict.fromkeys(exact, (Flag.Kind.EXACT_COPY, 1.0))
    for other, (kind, measure) in alike.items():
        older, newer = sorted((photo, other), key=lambda one: one.pk)
        flag_photo(photo=newer, kind=kind, other=older, measure=round(measure, 4))


def missing_checks(limit: int) -> list[int]:
    """Return ids of photos that were never checked, or not by the champion.

    Those that have waited for a while, are in nobody's hands and were not withdrawn.
    """
    now = timezone.now()
    undone = Q(automatic_check=None) | Q(automatic_check__checked_at=None)
    said = predictor.describe()
    if said is not None and not _is_taken(said):
        predicted = Prediction.objects.filter(
            photo=OuterRef("pk"),
            model_version__version=said.version,
            model_version__sha256=said.sha256,
        )
        undone |= Q(automatic_check__problem="") & Q(~Exists(predicted))
    return list(
        Photo.objects.given()
        .filter(undone, added_at__lt=now - PATIENCE)
        .filter(
            Q(automatic_check__retry_at=None) | Q(automatic_check__retry_at__lte=now)
        )
        # Curators wait for the newest; a failing one pauses longer each time.
        .order_by("-pk")
        .values_list("pk", flat=True)[:limit]
    )


def _is_taken(said: predictor.Description) -> bool:
    """Whether another network holds the champion's name, so it can predict nothing."""
    taken = ModelVersion.objects.filter(version=said.version)
    return taken.exclude(sha256=said.sha256).exists()


def _begin(photo: Photo) -> bool:
    """Take the photo in hand; False where it is done or somebody has it."""
    now = timezone.now()
    check, _is_new = PhotoCheck.objects.get_or_create(photo=photo)
    if check.checked_at and (check.problem or _is_predicted(photo)):
        return False
    pause = min(PATIENCE * 2 ** min(check.attempts, 12), LONGEST_PAUSE)
    taken = (
        PhotoCheck.objects.filter(pk=check.pk, attempts=check.attempts)
        .filter(Q(retry_at=None) | Q(retry_at__lte=now))
        .update(attempts=F("attempts") + 1, retry_at=now + pause)
    )
    if taken and check.attempts >= DOUBTS:
        flag_photo(photo=photo, kind=Flag.Kind.UNREADABLE)
    return bool(taken)


def _is_predicted(photo: Photo) -> bool:
    said = predictor.describe()
    if said is None or _is_taken(said):
        return True
    return Prediction.objects.filter(
        photo=photo, model_version__version=said.version
    ).exists()


def _give_back(photo: Photo) -> None:
    PhotoCheck.objects.filter(photo=photo, attempts__gt=0).update(
        attempts=F("attempts") - 1, retry_at=None
    )


def _finish(photo: Photo, problem: str = "") -> None:
    PhotoCheck.objects.filter(photo=photo).update(
        attempts=0, retry_at=None, checked_at=timezone.now(), problem=problem
    )


def _look(
    photo: Photo,
) -> tuple[predictor.Quality, predictor.Prediction | None]:
    """Decode the photo, through the one door that bounds what a file may cost."""
    with photo.image.open("rb") as file:
        try:
            prediction = predictor.predict([file], alone=True)
        except predictor.NoModel:
            file.seek(0)
            return predictor.quality(file), None
    return prediction.quality, prediction


def _remember(photo: Photo, said: predictor.Prediction) -> ModelVersion | None:
    """Keep what the model said; what is kept already stays."""
    try:
        version = register_version(said)
    except AnotherModel as error:
        logger.error("photo %s gets no suggestion: %s", photo.pk, error)
        return None
    best = said.suggestions[0]
    with transaction.atomic():
        Prediction.objects.get_or_create(
            photo=photo,
            model_version=version,
            defaults={
                "kind": said.answer.kind,
                "reason": said.answer.reason,
                "motifs": list(said.answer.labels),
                "scores": said.scores,
                "top_motif": best.label,
                "top_score": best.score,
                "unknown_score": said.unknown_score,
            },
        )
        PhotoEmbedding.objects.get_or_create(
            photo=photo,
            model_version=version,
            defaults={"vector": said.embedding.tolist()},
        )
        set_uncertainty(photo=photo, uncertainty=uncertainty(said.scores))
    return version


def _flag_looks(
    photo: Photo, quality: predictor.Quality, said: predictor.Prediction | None
) -> None:
    found: dict[Flag.Kind, float] = {}
    for reason in quality.reasons:
        kind, measure = QUALITY[reason]
        found[kind] = float(getattr(quality, measure))
    if said is not None and said.answer.reason == "not_cloth":
        found[Flag.Kind.NOT_CLOTH] = round(said.unknown_score, 4)
    for kind, measured in found.items():
        flag_photo(photo=photo, kind=kind, measure=measured)
    unflag_photo(photo=photo, kinds=DECIDED - found.keys())


def _by_hash(photo: Photo, others: PhotoQuerySet) -> list[Near]:
    """Photos whose perceptual hash differs in few bits, with the share that agrees."""
    # A picture that nowhere brightens has the same hash as every other such.
    if not photo.perceptual_hash:
        return []
    differing = Func(
        F("perceptual_hash"),
        Value(photo.perceptual_hash, output_field=BigIntegerField()),
        template="bit_count((%(expressions)s)::bit(64))",
        arg_joiner=" # ",
        output_field=models.IntegerField(),
    )
    near: Iterable[Any] = (
        others.exclude(perceptual_hash=None)
        .annotate(differing=differing)
        .filter(differing__lte=copies.NEAR)
        .order_by("differing", "pk")[:MOST_COPIES]
    )
    return [Near(one, 1 - one.differing / 64) for one in near]


def check_photo_by_id(photo_id: int) -> None:
    """Check a photo if it is still there; what is deleted meanwhile is no error."""
    photo = Photo.objects.select_related("contribution").filter(pk=photo_id).first()
    if photo is None:
        logger.info("photo %s is gone, nothing to check", photo_id)
        return
    try:
        check_photo(photo=photo)
    except (IntegrityError, Contribution.DoesNotExist, FileNotFoundError):
        if Photo.objects.filter(pk=photo_id).exists():
            raise
        logger.info("photo %s went while it was checked", photo_id)
