"""What log lines say, and what they never say."""

from __future__ import annotations

import io
import json
import logging
import logging.config

import pytest
import structlog

from heritage import logs
from tests.factories import ContributionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(settings):
    """What is logged as JSON from now on, one dict a line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    how = logs.configure("json", "INFO")["formatters"]["chosen"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=how["processors"], foreign_pre_chain=how["foreign_pre_chain"]
        )
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_an_answer_names_its_request(client):
    first, second = client.get("/health/live"), client.get("/health/live")

    assert len(first["X-Request-ID"]) == 36
    assert first["X-Request-ID"] != second["X-Request-ID"]


def test_the_proxys_id_is_kept_if_it_looks_like_one(client):
    good = client.get("/health/live", headers={"X-Request-ID": "abcdef-12345678"})
    bad = client.get("/health/live", headers={"X-Request-ID": 'a"b\x1b[31m' + "x" * 99})

    assert good["X-Request-ID"] == "abcdef-12345678"
    assert len(bad["X-Request-ID"]) == 36


def test_every_line_of_a_request_has_its_id(client, lines):
    given = "abcdef-12345678"

    client.get("/id/none-such/", headers={"X-Request-ID": given})

    said = lines()
    assert {"request_started", "request_finished"} <= {one["event"] for one in said}
    assert {one["request_id"] for one in said} == {given}


def test_no_line_has_a_key_a_query_or_an_address(client, lines):
    contribution = ContributionFactory()
    client.force_login(UserFactory())

    client.get(
        f"/id/contributions/{contribution.key}/?key={contribution.key}&q=rahasia",
        REMOTE_ADDR="203.0.113.7",
    )

    said = json.dumps(lines())
    assert "/id/contributions/" in said
    for secret in (contribution.key, "rahasia", "203.0.113.7"):
        assert secret not in said
