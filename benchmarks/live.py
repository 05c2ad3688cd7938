"""What a visitor of the identify page waits for, in a real Chromium.

    make run PORT=8123
    .venv/bin/python -m benchmarks.live http://localhost:8123

A fake camera looks at rendered cloth, in a browser with a profile of its own, as people
have one. Told are the bytes of a first visit with the camera, the time to the first
settled answer (on a first visit, on a later one, and from a tap on an open page),
frames a second, and how long the page's own thread was blocked at a time: medians of
several rounds, the longest for what blocked. Ends with 1 if what docs/architecture.md
claims does not hold.
"""

from __future__ import annotations

import argparse
import socket
import socketserver
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from tests.chromium import find
from tests.video import write_video

PROJECT = Path(__file__).resolve().parent.parent
RENDERING = PROJECT / "motifs" / "data" / "renderings" / "hiris-pudak.webp"
MOST_MB = 8.0
MOST_COLD_S, MOST_KEPT_S = 3.0, 1.0
LEAST_FPS = 8.0
MOST_BLOCKED_MS = 50.0
WATCHED_S = 6
LOOKED_S = 2.5
# Told by the page itself, from the beginning of its navigation: when the camera's
# button was tapped and the first answer stood there. Chromium reports each stretch of
# 50 ms or more in which a page's thread did one thing.
WATCH = """
  window.blocked = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.blocked.push(entry.duration);
  }).observe({ type: "longtask", buffered: true });
  window.tap = () => {
    window.tappedAt ??= performance.now();
    document.querySelector("[data-live=open]").click();
  };
  new MutationObserver(() => {
    if (window.tapsAtOnce && !window.tappedAt) {
      if (document.querySelector("[data-live=open]")?.offsetParent) window.tap();
    }
    if (document.querySelector("[data-live=answer] a")) {
      window.answeredAt ??= performance.now();
    }
  }).observe(document, { attributes: true, childList: true, subtree: true });
"""


@dataclass
class Found:
    """What the rounds measured; each list has a number per round."""

    cold_s: list[float] = field(default_factory=list)
    kept_s: list[float] = field(default_factory=list)
    tapped_s: list[float] = field(default_factory=list)
    fps: list[float] = field(default_factory=list)
    blocked_live_ms: list[float] = field(default_factory=list)
    blocked_ms: list[float] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live")
    parser.add_argument("site", help="address of a running site")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    site = given.site.rstrip("/")
    found = Found()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        video = Path(folder) / "cloth.y4m"
        write_video(Image.open(RENDERING), video)
        for at in range(given.rounds):
            profile = Path(folder) / f"profile-{at}"
            measure(driver, profile, video, site, found)
        first_visit = megabytes(driver, Path(folder) / "profile-new", video, site)
    blocked_live = max(found.blocked_live_ms)
    print(f"bytes of a first visit with the camera  {first_visit:6.2f} MB")
    print(f"first settled answer, first visit       {spread(found.cold_s)}")
    print(f"first settled answer, later visit       {spread(found.kept_s)}")
    print(f"the same, from the tap on an open page  {spread(found.tapped_s)}")
    print(f"frames recognised a second              {spread(found.fps)}")
    print(
        f"page's thread blocked at most, live     {blocked_live:6.0f} ms (0: under 50)"
    )
    print(f"page's thread blocked at most, starting {max(found.blocked_ms):6.0f} ms")
    holds = (
        first_visit <= MOST_MB
        and median(found.cold_s) <= MOST_COLD_S
        and median(found.tapped_s) <= MOST_KEPT_S
        and median(found.fps) >= LEAST_FPS
        and blocked_live <= MOST_BLOCKED_MS
    )
    return 0 if holds else 1


def spread(values: list[float]) -> str:
    return f"{median(values):6.2f} (of {min(values):.2f} to {max(values):.2f})"


def launch(driver: Playwright, profile: Path, video: Path) -> BrowserContext:
    return driver.chromium.launch_persistent_context(
        profile,
        executable_path=find(),
        permissions=["camera"],
        args=[
            "--no-sandbox",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        ],
    )


def measure(
    driver: Playwright, profile: Path, video: Path, site: str, found: Found
) -> None:
    """Visit the site as somebody new, and again twice; add what was found."""
    context = launch(driver, profile, video)
    cold_s, page = first_answer(context, site)
    before = watched(page)
    page.wait_for_timeout(WATCHED_S * 1000)
    after = watched(page)
    page.close()
    kept_s, page = first_answer(context, site)
    page.close()
    tapped_s, page = first_answer(context, site, looked_s=LOOKED_S)
    context.close()
    live = after["blocked"][len(before["blocked"]) :]
    frames = after["frames"] - before["frames"]
    found.cold_s.append(cold_s)
    found.kept_s.append(kept_s)
    found.tapped_s.append(tapped_s)
    found.fps.append(frames / (after["now"] - before["now"]) * 1000)
    found.blocked_live_ms.append(max(live, default=0.0))
    found.blocked_ms.append(max(before["blocked"], default=0.0))


class Counted(socketserver.ThreadingTCPServer):
    """Passes everything on to a site and counts what comes back, whoever asked.

    A browser's own tools do not see what its workers fetch.
    """

    daemon_threads = True

    def __init__(self, site: str) -> None:
        address = urlsplit(site)
        self.site = (address.hostname or "localhost", address.port or 80)
        self.received = 0
        super().__init__(("localhost", 0), Passing)

    @property
    def address(self) -> str:
        return f"http://localhost:{self.server_address[1]}"


class Passing(socketserver.BaseRequestHandler):
    server: Counted

    def handle(self) -> None:
        with socket.create_connection(self.server.site) as there:
            asking = threading.Thread(
                target=self.copy, args=(self.request, there, False), daemon=True
            )
            asking.start()
            self.copy(there, self.request, True)

    def copy(self, source: socket.socket, to: socket.socket, is_counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if is_counted:
                    self.server.received += len(data)
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)


def megabytes(driver: Playwright, profile: Path, video: Path, site: str) -> float:
    """Visit as somebody new until everything is kept for flight mode; see `Counted`."""
    with Counted(site) as counted:
        threading.Thread(target=counted.serve_forever, daemon=True).start()
        context = launch(driver, profile, video)
        _, page = first_answer(context, counted.address)
        page.locator("[data-live=size]", has_text="already").wait_for()
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        context.close()
        counted.shutdown()
    return counted.received / 2**20


def first_answer(
    context: BrowserContext, site: str, looked_s: float = 0.0
) -> tuple[float, Page]:
    """Open the page and the camera; return the seconds until an answer is settled.

    The button is tapped the moment it appears, and the seconds count from the page's
    address; with ``looked_s`` it is tapped so much later, and they count from the tap.
    """
    page = context.new_page()
    at_once = "true" if not looked_s else "false"
    page.add_init_script(f"window.tapsAtOnce = {at_once};{WATCH}")
    page.goto(f"{site}/en/identify/", wait_until="commit")
    if looked_s:
        page.wait_for_timeout(looked_s * 1000)
        page.evaluate("() => window.tap()")
    page.wait_for_function("() => window.answeredAt", timeout=60_000)
    tapped, answered = page.evaluate("() => [window.tappedAt, window.answeredAt]")
    return (answered - (tapped if looked_s else 0)) / 1000, page


def watched(page: Page) -> dict:
    return page.evaluate(
        """() => ({
          now: performance.now(),
          frames: Number(document.getElementById("live").dataset.frames),
          blocked: [...window.blocked],
        })"""
    )


if __name__ == "__main__":
    sys.exit(main())
