"""What every test may rely on; nothing touches Django unless a test asks for it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as properties

# Properties hold on a slow machine, too; what time a thing may take is asked elsewhere.
properties.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
properties.load_profile("patient")


@pytest.fixture(autouse=True)
def _own_media(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
):
    """Each test that has a database has a MEDIA_ROOT of its own and an empty cache."""
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    settings = request.getfixturevalue("settings")
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    from django.core.cache import cache

    cache.clear()
    yield


@pytest.fixture(autouse=True)
def queued(request: pytest.FixtureRequest) -> list[tuple[str | int, ...]]:
    """What became of photos that were added: noted here, and no broker is called.

    A task's name and the ids it was given; whoever wants the work done calls the task.
    """
    tasks: list[tuple[str | int, ...]] = []
    if request.node.get_closest_marker("django_db") is not None:
        monkeypatch = request.getfixturevalue("monkeypatch")
        from classifier.tasks import (
            check_photo_task,
            compare_models_task,
            embed_missing_task,
        )
        from motifs.tasks import render_photo_task

        for name, task in (("check", check_photo_task), ("render", render_photo_task)):
            monkeypatch.setattr(
                task, "delay", lambda pk, name=name: tasks.append((name, pk))
            )
        monkeypatch.setattr(embed_missing_task, "delay", lambda: None)
        monkeypatch.setattr(
            compare_models_task, "delay", lambda *ids: tasks.append(("compare", *ids))
        )
    return tasks


@pytest.fixture
def ledger_is_read(monkeypatch: pytest.MonkeyPatch):
    """Let the predictor follow the ledger, at every request."""
    from classifier import ledger, predictor

    monkeypatch.setattr(ledger, "CHECK_S", 0.0)
    predictor.forget()
    yield
    predictor.forget()


@pytest.fixture(autouse=True)
def _no_ledger(request: pytest.FixtureRequest):
    """The predictor asks no database; a test that promotes uses ``ledger_is_read``.

    Else a query more or less, by the clock, would fail tests that count them.
    """
    if "ledger_is_read" in request.fixturenames or "ml" in request.path.parts:
        return
    from classifier import ledger

    request.getfixturevalue("monkeypatch").setattr(ledger, "wanted", lambda: None)


@pytest.fixture(autouse=True)
def _default_language():
    """A request leaves its language behind in the thread; the next test has none."""
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let go of the test database before it is dropped.

    The browser's last request may be unfinished, and its thread holds a connection.
    """
    yield
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
