"""With the network cut: pages that were read, the camera, and nothing personal."""

from __future__ import annotations

import pytest

from tests.browser.test_live_camera import RENDERINGS, camera, open_camera, settle

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


def paths_kept(page) -> list[str]:
    return page.evaluate(
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


def test_all_that_the_start_pages_are_made_of_is_kept(open_camera):
    page = open_camera()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    kept = paths_kept(page)

    for script in ("identify", "camera", "device", "local", "rules", "settle", "look"):
        assert any(path.endswith(f"/js/{script}.js") for path in kept), script
    assert any("/fonts/" in path for path in kept)
    assert any(path.endswith("resist-line.svg") for path in kept)


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

    kept = paths_kept(page)
    pages = {path for path in kept if not path.startswith(("/static/", "/files/"))}
    assert pages <= {"/id/identify/", "/en/identify/", "/api/v1/model"} | {
        path for path in pages if path.endswith("/offline/")
    }


def test_a_first_visit_is_enough_for_flight_mode(open_camera):
    page = open_camera()
    page.locator("[data-live=open]").click()
    page.wait_for_selector("#live[data-state=live]")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    page.context.set_offline(True)
    page.reload()
    page.locator("[data-live=open]").click()

    assert "Hiris Pudak" in settle(page)
    assert any("/files/runtime/" in path for path in paths_kept(page))


def test_a_photo_is_answered_here_when_the_server_cannot_be_reached(open_camera):
    page = open_camera()
    controlled(page)
    page.locator("[data-live=open]").click()
    page.wait_for_selector("#live[data-state=live]")
    page.locator("[data-live=stop]").click()
    page.wait_for_selector("#live[data-state=ready]")

    page.context.set_offline(True)
    page.locator("#photos").set_input_files(RENDERINGS / "hiris-pudak.webp")
    page.wait_for_selector("#answer section.answer")

    section = page.locator("#answer section.answer")
    assert section.get_attribute("data-kind") == "either"
    assert "Hiris Pudak" in section.inner_text()
    assert "answered on your device" in section.inner_text()
    assert section.locator(".score-row").count() == 4


def test_without_the_recogniser_the_photo_waits_for_the_network(open_camera):
    page = open_camera()
    controlled(page)

    page.context.set_offline(True)
    page.locator("#photos").set_input_files(RENDERINGS / "hiris-pudak.webp")
    page.wait_for_selector("#answer section.answer-error")

    assert page.locator("#answer button").count() == 1  # try again
