"""A model keeper watches a training run, in a real browser."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from playwright.sync_api import expect

from classifier.models import DatasetVersion, TrainingRun
from tests.browser.conftest import session_of
from tests.browser.patience import too_wide
from tests.browser.test_pages_look import serious
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(own_site):
    """The server of ``open_page``: one whose rows the test makes itself."""
    return own_site


@pytest.fixture
def signed_in(site):
    keeper = UserFactory(is_superuser=True, is_staff=True)
    return {"storage_state": session_of(keeper)}


def epochs(count):
    return [
        {
            "epoch": at + 1,
            "of": 40,
            "loss": round(2 / (at + 1), 3),
            "val_loss": round(2.4 / (at + 1), 3),
        }
        for at in range(count)
    ]


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_follows_the_run_until_it_is_over(
    open_page, signed_in, axe, width, settings, tmp_path
):
    settings.RUNS_FOLDER = tmp_path
    now = timezone.now()
    dataset = DatasetVersion.objects.create(number=1, digest="0" * 64)
    run = TrainingRun.objects.create(
        dataset=dataset,
        state="running",
        started_at=now,
        beat_at=now,
        progress={"what": "head", "done": 4, "total": 40, "epochs": epochs(4)},
    )
    with translation.override("en"):
        address = reverse("admin:classifier_trainingrun_change", args=[run.pk])
    page = open_page(address, width=width, **signed_in)
    expect(page.locator("#run-words")).to_have_text("running")
    expect(page.locator("#run-epochs tr")).to_have_count(4)
    expect(page.locator("#run-problem")).to_be_hidden()
    before = page.locator(".run-curve-val_loss").get_attribute("d")

    run.progress |= {"done": 12, "epochs": epochs(12)}
    run.save()

    expect(page.locator("#run-epochs tr")).to_have_count(12)
    expect(page.locator("#run-count")).to_have_text("12 / 40")
    expect(page.locator(".run-curve-val_loss")).not_to_have_attribute("d", before)
    assert serious(page, axe) == []
    assert too_wide(page) <= 0
    run.state, run.ended_at, run.problem = "failed", timezone.now(), "The disk is full."
    run.save()
    expect(page.locator("#run-problem")).to_have_text("The disk is full.")
    expect(page.locator("#run-cancel")).to_be_hidden()
    page.get_by_role("button", name="Repeat this run").wait_for()
