"""Rules of the desk that are met by few: a colleague of another role, a long list."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from classifier.groups import MODEL_KEEPER_GROUP
from motifs.admin import deeds
from motifs.admin.decisions import MOST_AT_ONCE
from motifs.models import Contribution, ProblemReport
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_model_keeper_is_in_the_admin_and_no_curator(client):
    keeper = UserFactory()
    keeper.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    client.force_login(keeper)
    photo = PhotoFactory()
    report = ProblemReport.objects.create(kind="other", text="Salah.", photo=photo)
    decline = reverse("admin:motifs_contribution_decline")

    for page in (
        reverse("admin:motifs_motif_access", args=[photo.contribution.motif_id]),
        reverse("admin:motifs_photo_access", args=[photo.pk]),
        reverse("admin:motifs_motif_merge", args=[photo.contribution.motif_id]),
        reverse("admin:motifs_problemreport_resolve", args=[report.pk]),
        f"{decline}?ids={photo.contribution_id}",
    ):
        assert client.get(page).status_code == 403, page


def test_too_many_at_once_are_none(client):
    client.force_login(CuratorFactory())
    one = ContributionFactory()
    ids = [one.pk, *range(10_000, 10_000 + MOST_AT_ONCE)]

    client.post(
        reverse("admin:motifs_contribution_changelist"),
        {"action": "accept_selected", "_selected_action": ids},
    )

    one.refresh_from_db()
    assert one.state == Contribution.State.SUBMITTED


def test_no_photo_of_what_was_taken_back_is_on_the_desk(client):
    client.force_login(CuratorFactory())
    photo = PhotoFactory(contribution=ContributionFactory(withdrawn=True))

    page = client.get(
        reverse("admin:motifs_contribution_desk", args=[photo.contribution_id])
    )

    assert page.context["photos"] == []
    assert f"/photos/{photo.pk}/" not in page.content.decode()


def test_only_the_last_deeds_are_kept(rf):
    request = rf.get("/")
    request.session = {}

    for number in range(deeds.KEPT + 5):
        deeds.remember(request, deeds.Done(str(number), undo={"contribution": 1}))

    assert len(request.session[deeds.SESSION]) == deeds.KEPT
    assert deeds.last(request) == str(deeds.KEPT + 4)
