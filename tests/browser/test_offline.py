"""With the network cut: pages that were read, the camera, and nothing personal."""

from __future__ import annotations

import pytest

from tests.browser.test_live_camera import camera, open_camera, settle

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

__all__ = ["camera", "open_camera"]

MOTIF = "/en/motifs/hiris-pudak/"


def controlled(page) -> None:
    """Wait until the service worker has the page, and has kept the start pages."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.evaluate(
        """() => navigator.serviceWorker.controller ? true : new Promise((resolve) =>
          navigator.serviceWorker.addEventListener("controllerchange",
            () => resolve(true), { once: true }))"""
    )


def test_pages_that_were_read_stay_and_others_are_explained(open_camera, site):
    page = open_camera()
    controlled(page)
    page.goto(site.url + MOTIF)
    page.wait_for_load_state("networkidle")

    page.context.set_offline(True)
    page.goto(site.url + MOTIF)
    assert page.locator("h1").inner_text() == "Hiris Pudak"
    page.goto(site.url + "/id/identify/")
    assert page.locator("#photos").count() == 1
    page.goto(site.url + "/en/motifs/gigi-haruan/")
    assert page.locator("h1").inner_text() in ("Tidak ada jaringan", "No network")


def test_a_cloth_is_recognised_in_flight_mode(open_camera):
    page = open_camera()
    controlled(page)
    page.locator("[data-live=open]").click()
    page.wait_for_selector("#live[data-state=live]")
    page.locator("[data-live=stop]").click()
    page.wait_for_selector("#live[data-state=ready]")

    page.context.set_offline(True)
    page.reload()
    page.locator("[data-live=open]").click()

    assert "Hiris Pudak" in settle(page)


def test_nothing_of_a_session_is_kept(open_camera, site):
    page = open_camera()
    controlled(page)
    page.context.add_cookies(
        [{"name": "sessionid", "value": "somebody", "url": site.url}]
    )

    page.goto(site.url + MOTIF)
    page.goto(site.url + "/en/motifs/?q=iris")
    page.goto(site.url + "/en/admin/login/")
    page.wait_for_load_state("networkidle")

    kept = page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys()) {
            for (const request of await (await caches.open(name)).keys()) {
              found.push(new URL(request.url).pathname);
            }
          }
          return found;
        }"""
    )
    pages = {path for path in kept if not path.startswith(("/static/", "/files/"))}
    assert pages <= {"/id/identify/", "/en/identify/", "/api/v1/model"} | {
        path for path in pages if path.endswith("/offline/")
    }
