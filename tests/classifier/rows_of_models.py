"""Versions in the database, and fakes that stand for their folders."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from classifier.models import ModelVersion, Promotion
from ml.artifact import MODEL, Artifact
from tests.classifier.fakes import FakePredictor


def digest(version):
    return hashlib.sha256(version.encode()).hexdigest()


def model(version, best="gigi-haruan", **how):
    """A fake of this version, which likes one motif best."""
    fake = FakePredictor({best: 0.8}, single=[best], **how)
    fake.manifest = replace(
        fake.manifest, version=version, files={MODEL: digest(version)}
    )
    fake.artifact = Artifact(Path(settings.MODELS_FOLDER) / version, fake.manifest)
    return fake


def register(version, folder=None):
    fake = model(version)
    return ModelVersion.objects.create(
        version=version,
        sha256=digest(version),
        labels=list(fake.manifest.labels),
        embedding_size=1280,
        folder=version if folder is None else folder,
    )


def line(to, by, before=None, **how):
    """A line of the ledger, as it is written."""
    given = {"passed_gate": True} | how
    return Promotion.objects.create(
        from_version=before, to_version=to, promoted_by=by, **given
    )
