"""The live camera: what it sees is recognised on the device and never sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.signals import request_started
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    expect,
)
from playwright.sync_api import TimeoutError as TooLate

from classifier import predictor
from tests.browser.conftest import ARGUMENTS
from tests.browser.patience import loaded_width, painted, patient_page, says, too_wide
from tests.chromium import find
from tests.video import write_video

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

RENDERINGS = Path(__file__).parents[2] / "motifs" / "data" / "renderings"
ADDRESS = "/en/identify/"


@pytest.fixture(scope="module")
def camera(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A browser whose camera looks at rendered cloth."""
    file = tmp_path_factory.mktemp("camera") / "cloth.y4m"
    write_video(Image.open(RENDERINGS / "hiris-pudak.webp"), file)
    chromium = playwright.chromium.launch(
        executable_path=find(),
        args=[
            *ARGUMENTS,
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={file}",
        ],
    )
    yield chromium
    chromium.close()


@pytest.fixture
def open_camera(camera: Browser, site, is_slow) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    predictor.forget()

    def open_(*, may: bool = True, width: int = 1280) -> Page:
        context = camera.new_context(
            viewport={"width": width, "height": 900},
            permissions=["camera"] if may else [],
        )
        contexts.append(context)
        page = patient_page(context, is_slow=is_slow)
        page.goto(site.url + ADDRESS)
        return page

    yield open_
    for context in contexts:
        context.close()


def settle(page: Page) -> str:
    try:
        page.wait_for_selector("[data-live=answer] a")
    except TooLate:
        panel = page.locator("#live")
        state = panel.get_attribute("data-state")
        pytest.fail(f"no answer, {state}: {panel.inner_text()}; {page.troubles}")
    return page.locator("[data-live=answer]").inner_text()


def kept(page: Page) -> None:
    """Wait until the recogniser is on the device with all that it takes."""
    already = page.locator("[data-live=size]", has_text="on this device already")
    already.wait_for()


def installed(page: Page) -> None:
    """Wait until the service worker has fetched what it keeps."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


@contextmanager
def requests_to_the_site() -> Iterator[list[str]]:
    """Collect every request that arrives, whoever in the browser sent it.

    Save one: the browser itself asks for a newer service worker when it likes.
    """
    arrived: list[str] = []

    def note(environ: dict | None = None, **_: object) -> None:
        path = (environ or {}).get("PATH_INFO", "")
        if path != "/sw.js":
            arrived.append(path)

    request_started.connect(note, weak=False)
    yield arrived
    request_started.disconnect(note)


def watch_frames(page: Page, count: int) -> None:
    page.wait_for_function(
        """(least) => Number(document.getElementById("live").dataset.frames) > least""",
        arg=int(page.locator("#live").get_attribute("data-frames") or 0) + count,
    )


def test_the_answer_settles_and_no_frame_is_sent(open_camera, axe):
    page = open_camera()
    page.locator("[data-live=open]").click()
    settle(page)
    kept(page)
    installed(page)
    page.locator("[data-live=freeze]").click()

    with requests_to_the_site() as arrived:
        page.locator("[data-live=resume]").click()
        watch_frames(page, 10)
        said = settle(page)

    assert "Hiris Pudak" in said
    assert arrived == []
    rows = page.locator("[data-live=scores] li")
    expect(rows).to_have_count(4)
    assert float(rows.first.locator(".score-value").inner_text()) > 0.3
    expect(rows.last.locator(".score-name")).to_have_text("None that it knows")
    page.evaluate(axe)
    found = page.evaluate("axe.run('#live')")
    assert [one["id"] for one in found["violations"]] == []
    assert page.troubles == []


def test_freezing_stops_the_picture_and_going_on_starts_anew(open_camera):
    page = open_camera()
    page.locator("[data-live=open]").click()
    settle(page)

    page.locator("[data-live=freeze]").click()
    frames = page.evaluate("document.getElementById('live').dataset.frames")
    painted(page)
    assert page.evaluate("document.getElementById('live').dataset.frames") == frames
    assert page.locator("[data-live=video]").evaluate("(video) => video.paused")

    page.keyboard.press("Enter")  # the focus is on "Go on"
    page.wait_for_selector(f"#live:not([data-frames='{frames}'])")
    assert page.troubles == []


def test_the_frame_on_screen_becomes_a_photo_at_the_cameras_resolution(open_camera):
    page = open_camera()
    page.locator("[data-live=open]").click()
    page.wait_for_selector("#live[data-state=live]")
    page.wait_for_selector("#live[data-frames]")

    page.locator("[data-live=keep]").click()

    page.wait_for_selector("#answer section.answer")
    picture = page.locator("#frame img").first
    assert loaded_width(picture) == 640
    expect(page.locator("#live")).to_have_attribute("data-state", "ready")
    still = page.evaluate("document.querySelector('video').srcObject?.active ?? false")
    assert not still


def test_the_camera_and_photos_ask_one_recogniser(open_camera):
    page = open_camera()
    page.add_init_script(
        """window.workers = 0;
        const Plain = window.Worker;
        window.Worker = class extends Plain {
          constructor(address) { super(address); window.workers += 1; }
        };"""
    )
    page.reload()
    page.wait_for_selector("#where:not([hidden])")
    page.get_by_role("radio", name="Only this device").check()
    page.locator("[data-live=open]").click()
    settle(page)

    page.locator("[data-live=keep]").click()
    page.wait_for_selector("#answer section.answer")

    says(page.locator("#answer"), "This device")
    assert page.evaluate("window.workers") == 1
    assert page.troubles == []


def test_a_refused_camera_is_explained(open_camera):
    page = open_camera(may=False)

    page.locator("[data-live=open]").click()

    page.wait_for_selector("#live[data-state=refused]")
    says(page.locator("[data-live=complaint]"), "Allow it")
    expect(page.locator("#photos")).to_have_count(1)


def test_the_model_is_fetched_once_kept_and_removed_on_request(open_camera):
    page = open_camera()
    page.wait_for_selector("[data-live=open]")
    says(page.locator("[data-live=size]"), "MB")
    page.locator("[data-live=open]").click()
    kept(page)
    page.locator("[data-live=stop]").click()
    page.wait_for_selector("#live[data-state=ready]")

    with requests_to_the_site() as arrived:
        page.reload()
        page.wait_for_selector("[data-live=remove]")
        page.locator("[data-live=open]").click()
        settle(page)
    assert not any(path.startswith("/files/") for path in arrived)
    page.locator("[data-live=stop]").click()
    page.locator("[data-live=remove]").click()
    page.wait_for_selector("[data-live=remove]", state="hidden")

    says(page.locator("[data-live=size]"), "MB")
    assert page.evaluate("caches.has('langgundi-recogniser')") is False
    # It can be had again without a new visit.
    page.locator("[data-live=open]").click()
    settle(page)
    assert page.troubles == []


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_live_view_fits(width: int, open_camera):
    page = open_camera(width=width)
    page.locator("[data-live=open]").click()
    settle(page)

    assert too_wide(page) <= 0
    # Picture and answer come into sight by themselves.
    page.wait_for_function(
        """() => {
          const [body, title] = [".live-body", "[data-live=answer]"].map(
            (one) => document.querySelector(one).getBoundingClientRect());
          return body.top >= 0 && title.bottom <= innerHeight;
        }"""
    )
