"""Waiting for what a page does later, so that a slow machine fails no test."""

from __future__ import annotations

import random
import time
from threading import Condition

from django.contrib.staticfiles.handlers import StaticFilesHandler
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

PATIENCE_MS = 60_000
"""How long anything may take; only a test that fails waits so long."""
THROTTLE = 4
"""How many times slower a page's own thread is on a slow site."""

expect.set_options(timeout=PATIENCE_MS)


class FilesHandler(StaticFilesHandler):
    """The site with the sources' static files; its answers can be waited for."""

    def __init__(self, application) -> None:
        super().__init__(application)
        self._asked = 0
        self._answered = Condition()

    def __call__(self, environ, start_response):
        with self._answered:
            self._asked += 1
        try:
            return self.answer(environ, start_response)
        finally:
            with self._answered:
                self._asked -= 1
                self._answered.notify_all()

    def answer(self, environ, start_response):
        return super().__call__(environ, start_response)

    def wait(self) -> None:
        """Wait until nothing is being answered any more, and the database is free."""
        with self._answered:
            assert self._answered.wait_for(lambda: not self._asked, PATIENCE_MS / 1000)


class SlowFilesHandler(FilesHandler):
    """Answers every request late, each by another delay, so that some overtake."""

    def answer(self, environ, start_response):
        time.sleep(random.uniform(0.05, 0.6))
        return super().answer(environ, start_response)


def patient_page(context: BrowserContext, *, is_slow: bool) -> Page:
    """Open a page with time enough; ``page.troubles`` lists what the console said."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.troubles = []
    page.on(
        "console",
        lambda said: (
            said.type in ("error", "warning") and page.troubles.append(said.text)
        ),
    )
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    if is_slow:
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    return page


def says(place: Locator, text: str) -> None:
    """Wait until the text can be read in this place."""
    expect(place).to_contain_text(text, use_inner_text=True)


def says_not(place: Locator, text: str) -> None:
    """Wait until the text can be read there no longer."""
    expect(place).not_to_contain_text(text, use_inner_text=True)


def painted(page: Page, frames: int = 20) -> None:
    """Wait until the page was painted so many times: what it had to do, it has done."""
    page.evaluate(
        """frames => new Promise((resolve) => {
          const next = () => (frames-- ? requestAnimationFrame(next) : resolve());
          next();
        })""",
        frames,
    )


def let_go(page: Page, held: list[Route]) -> None:
    """Wait until a route has held a request back, and let it go."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not held:
        assert time.monotonic() < end, "nothing was asked"
        page.wait_for_timeout(20)
    held.pop().continue_()


def too_wide(page: Page) -> int:
    """Wait until the page has its styles; how many pixels the window is too small."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def loaded_width(image: Locator) -> int:
    """Wait until the picture is there; how many pixels of its own it is wide."""
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("complete", True)
    return image.evaluate("it => it.decode().then(() => it.naturalWidth)")
