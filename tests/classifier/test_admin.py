"""What the recogniser thinks stands beside the photo, in the queue and at the desk."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classifier.admin import suggestions
from classifier.models import ModelVersion, Prediction
from tests.classifier.rows_of_models import digest
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
)

pytestmark = pytest.mark.django_db


def said(photo, kind, motif, score, version="one"):
    model, _is_new = ModelVersion.objects.get_or_create(
        version=version,
        defaults={"sha256": digest(version), "labels": [], "embedding_size": 8},
    )
    return Prediction.objects.create(
        photo=photo,
        model_version=model,
        kind=kind,
        reason="recognised",
        scores={},
        top_motif=motif,
        top_score=score,
        unknown_score=0,
        made_at=timezone.now(),
    )


def test_each_photo_has_the_latest_words_in_one_query():
    MotifFactory(slug="hiris-pudak", name="Hiris Pudak")
    sure, unsure, unknown, unseen = PhotoFactory.create_batch(4)
    said(sure, "motif", "gigi-haruan", 0.5)
    said(sure, "motif", "hiris-pudak", 0.912, version="two")
    said(unsure, "either", "hiris-pudak", 0.4)
    said(unknown, "unknown", "hiris-pudak", 0.1)

    with CaptureQueriesContext(connection) as queries:
        found = suggestions([sure, unsure, unknown, unseen])

    assert len(queries) == 1
    assert found[sure.pk] == "Hiris Pudak 0.91"
    assert found[unsure.pk] == "? Hiris Pudak 0.40"
    assert "hiris" not in found[unknown.pk].lower()
    assert unseen.pk not in found


def test_after_a_step_back_the_champion_speaks_again_where_it_has_looked(models):
    both, new = PhotoFactory.create_batch(2)
    said(both, "motif", "gigi-haruan", 0.5, version="own")
    for photo in (both, new):
        said(photo, "motif", "hiris-pudak", 0.9, version="stepped-back-from")
    said(both, "motif", "naga-balimbur", 0.7, version="older")

    found = suggestions([both, new])

    assert found == {both.pk: "gigi-haruan 0.50", new.pk: "hiris-pudak 0.90"}


def test_curators_read_them_in_the_queue_and_at_the_desk(client):
    MotifFactory(slug="hiris-pudak", name="Hiris Pudak")
    photo = PhotoFactory(contribution=ContributionFactory())
    said(photo, "motif", "hiris-pudak", 0.91)
    client.force_login(CuratorFactory())
    listed = reverse("admin:motifs_contribution_changelist")

    with CaptureQueriesContext(connection) as queries:
        queue = client.get(listed)
    desk = client.get(
        reverse("admin:motifs_contribution_desk", args=[photo.contribution_id])
    )

    assert "Hiris Pudak 0.91" in queue.content.decode()
    assert "Hiris Pudak 0.91" in desk.content.decode()
    assert len(queries) < 12, [one["sql"][:90] for one in queries]
