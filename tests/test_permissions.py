"""docs/permissions.md is what the site does: every role, address and action."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from tests.permissions import (
    ROLES,
    TABLE,
    WITHOUT_EFFECT,
    ask,
    make_world,
    missing_rows,
    places,
    posts_without_effect,
    posts_without_rows,
    proposal,
    rows,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings, tmp_path, tmp_path_factory):
    settings.ACCOUNT_RATE_LIMITS = False
    settings.RUNTIME_FOLDER = tmp_path
    settings.MODELS_FOLDER = tmp_path_factory.mktemp("models")
    (tmp_path / "2.5.3").mkdir()
    (tmp_path / "2.5.3" / "index.js").write_text("")
    return make_world()


@pytest.fixture
def client_of(world):
    clients = {}
    for role in ROLES:
        clients[role] = Client(raise_request_exception=False)
        if person := world["people"][role]:
            clients[role].force_login(person)
    return clients.__getitem__


@pytest.fixture(scope="module")
def table():
    return rows(TABLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_table_says(table, world, client_of, role):
    column, wrong = ROLES.index(role), []
    for row in table:
        cache.clear()
        answer = ask(row, role, world, client_of(role))
        if answer != row.expected[column]:
            wrong.append(f"{row}: {answer}, the table says {row.expected[column]}")

    assert not wrong, "\n".join(["", *wrong])


def test_no_address_and_no_action_is_missing_from_the_table(table, world, client_of):
    missing = [proposal(row, world, client_of) for row in missing_rows(table, world)]

    assert not missing, "\n".join(
        [
            "Add to docs/permissions.md, if these answers are right:",
            *missing,
        ]
    )


def test_whatever_takes_a_post_has_a_row_for_it(table, world, client_of):
    missing = posts_without_rows(table, world, client_of("superuser"))

    assert not missing, "\n".join(
        [
            "Add to docs/permissions.md, filled in so that it succeeds for who may:",
            *(proposal(row, world, client_of) for row in missing),
        ]
    )


def test_of_whatever_takes_a_post_some_row_shows_what_it_does(table, world):
    assert posts_without_effect(table, world) == []
    assert set(WITHOUT_EFFECT) <= {row.name for row in table}


def test_each_row_is_there_once(table):
    seen = [(row.name, row.method, row.given) for row in table]

    assert [row for row in seen if seen.count(row) > 1] == []


def test_the_walk_sees_pages_api_files_and_admin():
    names = {place.name for place in places()}

    assert {
        "home",
        "account_login",
        "api-identify",
        "photo-file",
        "admin:motifs_motif_change",
        "admin:motifs_contribution_decline",
    } <= names
