"""Rows of the catalogue that an answer can name."""

from __future__ import annotations

from django.utils import timezone

from motifs.models import Motif, MotifName
from tests.classifier.fakes import MOTIFS


def published(slug: str) -> Motif:
    motif = Motif.objects.create(
        slug=slug, state=Motif.State.PUBLISHED, published_at=timezone.now()
    )
    MotifName.objects.create(
        motif=motif,
        name=slug.replace("-", " ").title(),
        language="bjn",
        kind=MotifName.Kind.PREFERRED,
    )
    return motif


def catalogue() -> dict[str, Motif]:
    return {slug: published(slug) for slug in MOTIFS}
