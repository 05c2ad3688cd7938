"""With the network cut: pages that were read, the camera, and nothing personal."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from classifier import predictor
from ml import artifact
from tests.browser.patience import loaded_width, says
from tests.browser.test_live_camera import (
    RENDERINGS,
    camera,
    installed,
    kept,
    open_camera,
    settle,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

__all__ = ["camera", "open_camera"]

MOTIF = "/en/motifs/hiris-pudak/"


def controlled(page) -> None:
    """Wait until the service worker has the page, and has kept the start pages."""
    installed(page)
    page.reload()
    page.evaluate(
        """() => navigator.serviceWorker.controller ? true : new Promise((resolve) =>
          navigator.serviceWorker.addEventListener("controllerchange",
            () => resolve(true), { once: true }))"""
    )


def fetch_the_recogniser(page) -> None:
    page.locator("[data-live=open]").click()
    kept(page)
    page.locator("[data-live=stop]").click()
    page.wait_for_selector("#live[data-state=ready]")


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
    expect(page.locator("h1")).to_have_text("Hiris Pudak")
    page.goto(site.url + "/id/identify/")
    expect(page.locator("#photos")).to_have_count(1)
    page.goto(site.url + "/en/motifs/gigi-haruan/")
    expect(page.locator("h1")).to_have_text(
        re.compile("^(Tidak ada jaringan|No network)$")
    )


def test_a_cloth_is_recognised_in_flight_mode(open_camera):
    page = open_camera()
    controlled(page)
    fetch_the_recogniser(page)

    page.context.set_offline(True)
    page.reload()
    page.locator("[data-live=open]").click()

    assert "Hiris Pudak" in settle(page)


def test_all_that_the_start_pages_are_made_of_is_kept(open_camera):
    page = open_camera()
    installed(page)

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
    fetch_the_recogniser(page)
    installed(page)

    page.context.set_offline(True)
    page.reload()
    page.locator("[data-live=open]").click()

    assert "Hiris Pudak" in settle(page)
    assert any("/files/runtime/" in path for path in paths_kept(page))


def test_a_photo_is_answered_here_when_the_server_cannot_be_reached(open_camera):
    page = open_camera()
    controlled(page)
    fetch_the_recogniser(page)

    page.context.set_offline(True)
    page.locator("#photos").set_input_files(RENDERINGS / "hiris-pudak.webp")
    page.wait_for_selector("#answer section.answer")

    section = page.locator("#answer section.answer")
    expect(section).to_have_attribute("data-kind", "either")
    says(section, "Hiris Pudak")
    says(section, "answered on your device")
    expect(section.locator(".score-row")).to_have_count(4)


def test_an_example_is_answered_in_flight_mode(open_camera):
    page = open_camera()
    controlled(page)
    fetch_the_recogniser(page)

    page.context.set_offline(True)
    page.reload()
    page.locator("[data-example*=bayam-raja]").click()
    page.wait_for_selector("#answer section.answer:not(.answer-error)")

    says(page.locator("#answer"), "Bayam Raja")
    assert loaded_width(page.locator("#frame img")) > 0


def test_nothing_of_a_photo_its_report_or_its_address_is_kept(
    open_camera, site, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path / "media"
    page = open_camera()
    controlled(page)
    before = set(paths_kept(page))
    page.locator("#photos").set_input_files(RENDERINGS / "hiris-pudak.webp")
    page.wait_for_selector("#answer section.answer")
    page.get_by_role("button", name="Share this answer").click()
    page.get_by_role("button", name="Share with the photo").click()
    shared = page.locator("[data-address]").input_value()
    page.get_by_role("button", name="This is wrong").click()
    page.get_by_role("button", name="show and train").click()
    page.get_by_role("link", name="See what becomes of it").click()
    expect(page.locator("h1")).to_have_text("Your contribution")
    page.wait_for_load_state("networkidle")
    page.goto(shared)
    page.wait_for_load_state("networkidle")

    new = {path for path in paths_kept(page) if not path.startswith("/static/")}

    assert new - before == set()
    # All databases of the browser, too: the outbox keeps nothing that was sent.
    waiting = page.evaluate(
        """() => new Promise((resolve, reject) => {
          const asked = indexedDB.open("langgundi-outbox", 1);
          asked.onerror = () => reject(asked.error);
          asked.onsuccess = () => {
            const names = [...asked.result.objectStoreNames];
            if (!names.length) return resolve(0);
            const [store] = names;
            const counted = asked.result.transaction(store).objectStore(store).count();
            counted.onsuccess = () => resolve(counted.result);
          };
        })"""
    )
    assert waiting == 0


@pytest.fixture
def newer_model(settings, tmp_path) -> Path:
    """A model that says the same as the one in use, in a file with another digest."""
    folder = tmp_path / "newer"
    shutil.copytree(settings.MODEL_FOLDER, folder)
    with (folder / artifact.MODEL).open("ab") as file:
        file.write(bytes(16))
    manifest = folder / "manifest.json"
    said = json.loads(manifest.read_text())
    digest = hashlib.sha256((folder / artifact.MODEL).read_bytes()).hexdigest()
    said["files"][artifact.MODEL] = digest
    said["version"] = "20990101-newer"
    manifest.write_text(json.dumps(said))
    yield folder
    predictor.forget()


def models_kept(page) -> list[str]:
    return [path for path in paths_kept(page) if path.startswith("/files/models/")]


def test_a_new_model_replaces_the_old_one(open_camera, settings, newer_model):
    page = open_camera()
    controlled(page)
    fetch_the_recogniser(page)
    old = models_kept(page)
    runtime = {path for path in paths_kept(page) if "/files/runtime/" in path}

    settings.MODEL_FOLDER = newer_model
    predictor.forget()
    page.reload()
    page.locator("[data-live=size]", has_text="MB").wait_for()
    fetch_the_recogniser(page)

    new = models_kept(page)
    assert len(old) == len(new) == 1
    assert new != old
    assert {path for path in paths_kept(page) if "/files/runtime/" in path} == runtime
    assert len(runtime) == 4
    page.context.set_offline(True)
    page.reload()
    page.locator("[data-live=open]").click()
    assert "Hiris Pudak" in settle(page)


def test_without_a_network_an_older_model_still_answers(
    open_camera, settings, newer_model
):
    page = open_camera()
    controlled(page)
    fetch_the_recogniser(page)
    digest = models_kept(page)[0].split("/")[-1].removesuffix(".tflite")
    settings.MODEL_FOLDER = newer_model
    predictor.forget()
    page.reload()
    page.locator("[data-live=size]", has_text="MB").wait_for()

    # The page has heard of the newer one, but it is not here.
    page.context.set_offline(True)
    page.locator("#photos").set_input_files(RENDERINGS / "hiris-pudak.webp")
    page.wait_for_selector("#answer section.answer:not(.answer-error)")
    by = page.locator("#answer .answer-facts code").get_attribute("title")
    page.reload()
    page.locator("[data-live=open]").click()

    assert by == f"SHA-256 {digest}"
    assert "Hiris Pudak" in settle(page)


def test_a_newer_model_that_does_not_arrive_leaves_the_older(
    open_camera, settings, newer_model
):
    page = open_camera()
    controlled(page)
    fetch_the_recogniser(page)
    old = models_kept(page)
    settings.MODEL_FOLDER = newer_model
    predictor.forget()
    page.route("**/files/models/**", lambda route: route.abort())
    page.reload()
    page.locator("[data-live=size]", has_text="MB").wait_for()

    page.locator("[data-live=open]").click()

    assert "Hiris Pudak" in settle(page)
    expect(page.locator("[data-live=scores]")).to_be_visible()
    assert models_kept(page) == old


def test_a_damaged_model_is_not_used_and_fetched_anew(open_camera):
    page = open_camera()
    fetch_the_recogniser(page)
    [path] = models_kept(page)
    page.evaluate(
        """async (path) => {
          const cache = await caches.open("langgundi-recogniser");
          const bytes = await (await cache.match(path)).arrayBuffer();
          new Uint8Array(bytes)[1000] ^= 255;
          await cache.put(path, new Response(bytes));
        }""",
        path,
    )

    page.reload()
    page.locator("[data-live=open]").click()

    assert "Hiris Pudak" in settle(page)
    digest = page.evaluate(
        """async (path) => {
          const found = await caches.match(path, { cacheName: "langgundi-recogniser" });
          const bytes = await found.arrayBuffer();
          const sum = await crypto.subtle.digest("SHA-256", bytes);
          return [...new Uint8Array(sum)].map(
            (one) => one.toString(16).padStart(2, "0")).join("");
        }""",
        path,
    )
    assert digest in path


def test_without_the_recogniser_the_photo_waits_for_the_network(open_camera):
    page = open_camera()
    controlled(page)

    page.context.set_offline(True)
    page.locator("#photos").set_input_files(RENDERINGS / "hiris-pudak.webp")
    page.wait_for_selector("#answer section.answer-error")

    expect(page.locator("#answer button")).to_have_text("Try again")
