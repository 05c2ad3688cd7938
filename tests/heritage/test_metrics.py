"""Metrics are for whoever has the token, and count what waits."""

from __future__ import annotations

import pytest

from tests.factories import ContributionFactory

pytestmark = pytest.mark.django_db
TOKEN = "a-long-token"


def ask(client, token=TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_without_a_token_there_is_no_such_address(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics").status_code == 404
    assert ask(client, "").status_code == 404


@pytest.mark.parametrize("wrong", ["", "a-long-toke", "a-long-token "])
def test_a_wrong_token_opens_nothing(client, settings, wrong):
    settings.METRICS_TOKEN = TOKEN + "!"

    assert ask(client, wrong).status_code == 404


def test_it_counts_requests_and_what_waits(client, settings):
    settings.METRICS_TOKEN = TOKEN
    ContributionFactory.create_batch(3)
    ContributionFactory(accepted=True)
    client.get("/id/about/")

    said = ask(client).content.decode()

    assert 'langgundi_waiting{kind="contributions"} 3.0' in said
    assert 'view="about"' in said


def test_only_reading_is_allowed(client, settings):
    settings.METRICS_TOKEN = TOKEN

    assert client.post("/metrics").status_code == 405
