"""A real Chromium, and pages that remember everything that went wrong on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from pytest_django.live_server_helper import LiveServer

from classifier import predictor
from tests.browser.patience import FilesHandler, SlowFilesHandler, patient_page
from tests.chromium import MISSING, find
from tests.classifier.fakes import FakePredictor

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow-site",
        action="store_true",
        help="answers come late and pages are slow: what fails here fails now and then",
    )


@pytest.fixture(scope="session")
def is_slow(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--slow-site", default=False))


@contextmanager
def served(is_slow: bool) -> Iterator[LiveServer]:
    """Run the site, and leave nothing that still reads the database behind."""
    handler = SlowFilesHandler if is_slow else FilesHandler
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.testcases._StaticFilesHandler", handler)
        server = LiveServer("localhost")
    yield server
    server.stop()
    server.thread.httpd.get_app().wait()


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker, is_slow) -> Iterator[LiveServer]:
    """The running site with the whole catalogue in it, for one module of tests.

    Its pages only read, so one import serves them all; pytest-django's live_server
    would empty the database after each test. The tests are marked django_db all the
    same: without the mark there is no test database.
    """
    with django_db_blocker.unblock():
        call_command("import_catalogue", verbosity=0)
        with served(is_slow) as server:
            yield server
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def own_site(transactional_db, is_slow) -> Iterator[LiveServer]:
    """A running site for one test, which makes its rows itself."""
    with served(is_slow) as server:
        yield server


def session_of(person) -> dict:
    """Return the state of a browser in which somebody is signed in."""
    client = Client()
    client.force_login(person)
    cookie = {
        "name": "sessionid",
        "value": client.cookies["sessionid"].value,
        "domain": "localhost",
        "path": "/",
        "expires": -1,
        "httpOnly": True,
        "secure": False,
        "sameSite": "Lax",
    }
    return {"cookies": [cookie], "origins": []}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = find()
    if path is None:
        pytest.fail(MISSING)
    chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    yield chromium
    chromium.close()


@pytest.fixture
def open_page(
    browser: Browser, site: LiveServer, is_slow: bool
) -> Iterator[Callable[..., Page]]:
    """Open an address of the site, as ``patient_page`` does."""
    contexts = []

    def open_(address: str, *, width: int = 1280, **how) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="id-ID", **how
        )
        contexts.append(context)
        page = patient_page(context, is_slow=is_slow)
        page.goto(site.url + address)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let the site answer with scores known beforehand."""

    def use(scores: dict[str, float] | None = None, *, single: tuple[str, ...] = ()):
        predictor.forget()
        fake = FakePredictor(scores, single=single)
        monkeypatch.setattr(predictor, "load", lambda folder: fake)

    use()
    yield use
    predictor.forget()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe, which finds what people cannot use."""
    path = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.fail("axe is missing: run `make static/vendor`.")
    return path.read_text()
