"""What the live camera says of bad pictures, bad cameras and browsers that cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from classifier import predictor
from tests.browser.conftest import ARGUMENTS
from tests.browser.patience import patient_page, says
from tests.chromium import find

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

ADDRESS = "/en/identify/"
COACH = "[data-live=coach]"

# A camera that shows what a test paints; it is asked for like any other.
PAINTED = """
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 480;
  const context = canvas.getContext("2d");
  window.scene = () => {};
  window.facing = "environment";
  setInterval(() => {
    context.filter = "none";
    context.fillStyle = "#d6d2ca";
    context.fillRect(0, 0, 640, 480);
    window.scene(context);
  }, 60);
  const settings = MediaStreamTrack.prototype.getSettings;
  MediaStreamTrack.prototype.getSettings = function () {
    return { ...settings.call(this), facingMode: window.facing };
  };
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(15);
"""
# Paints renderings, each with [x, y, width, height] and a filter.
PAINT = """
  async (parts) => {
    const loaded = await Promise.all(parts.map(async ({ slug, ...how }) => {
      const { src } = document.querySelector(`img[src*="${slug}"]`);
      const blob = await (await fetch(src)).blob();
      return { picture: await createImageBitmap(blob), ...how };
    }));
    window.scene = (context) => {
      for (const { picture, box, filter } of loaded) {
        context.filter = filter ?? "none";
        context.drawImage(picture, ...box);
      }
    };
  }
"""
WHOLE = [0, 0, 640, 480]
FIRST, SECOND = "daun-jaruju", "bintang-bahambur"


@pytest.fixture(autouse=True)
def the_real_model():
    predictor.forget()
    yield
    predictor.forget()


@pytest.fixture
def painted(open_page) -> Callable[..., Page]:
    """Open the page with a camera that looks at what is painted, and start it."""

    def open_(*parts: dict, before: str = "", facing: str = "environment") -> Page:
        page = open_page("/en/about/")
        page.add_init_script(PAINTED + before)
        page.goto(page.url.replace("/about/", "/identify/"))
        page.evaluate(PAINT, list(parts))
        page.evaluate("(facing) => { window.facing = facing; }", facing)
        page.locator("[data-live=open]").click()
        page.wait_for_selector("#live[data-state=live]")
        return page

    return open_


def hint(page: Page, word: str) -> None:
    page.locator(COACH).filter(has_text=word).wait_for()


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"box": WHOLE, "filter": "brightness(5%)"}, "too dark"),
        ({"box": WHOLE, "filter": "blur(14px)"}, "blurred"),
        ({"box": [200, 150, 240, 180]}, "Move closer"),
    ],
)
def test_the_coach_says_what_is_wrong_with_the_picture(painted, how, word):
    page = painted({"slug": FIRST, **how})

    hint(page, word)

    page.evaluate(PAINT, [{"slug": FIRST, "box": WHOLE}])
    page.locator(f"{COACH}:empty").wait_for(state="attached")
    assert page.troubles == []


def test_the_coach_sees_more_than_one_motif(painted):
    left = {"slug": FIRST, "box": [-320, 0, 640, 480]}
    page = painted({"slug": SECOND, "box": [160, 0, 640, 480]}, left)

    hint(page, "more than one motif")

    page.evaluate(PAINT, [{"slug": FIRST, "box": WHOLE}])
    page.locator(f"{COACH}:empty").wait_for(state="attached")


def test_a_slow_device_is_told_that_the_server_is_quicker(painted):
    slow = """
      const Quick = window.Worker;
      window.Worker = class extends Quick {
        addEventListener(kind, heard) {
          super.addEventListener(kind, (event) => {
            if (event.data?.ok?.elapsed_ms) event.data.ok.elapsed_ms = 1500;
            heard(event);
          });
        }
      };
    """
    page = painted({"slug": FIRST, "box": WHOLE}, before=slow)

    hint(page, "server would be quicker")
    page.locator("[data-live=freeze]").click()
    page.locator("[data-live=keep]").click()

    page.wait_for_selector("#answer section.answer")
    says(page.locator(".answer-facts"), "The server")


def test_only_the_preview_of_a_front_camera_is_mirrored(painted):
    page = painted({"slug": FIRST, "box": [-320, 0, 640, 480]}, facing="user")
    mirrored = page.locator("[data-live=video]").evaluate(
        "(video) => getComputedStyle(video).scale"
    )
    page.wait_for_selector("#live[data-frames]")

    page.locator("[data-live=keep]").click()
    page.wait_for_selector("#answer section.answer")

    assert mirrored == "-1 1"
    # The cloth was painted on the left of the frame, the table on its right.
    right = page.locator("#frame img").evaluate(
        """async (image) => {
          await image.decode();
          const context = new OffscreenCanvas(640, 480).getContext("2d");
          context.drawImage(image, 0, 0);
          return [...context.getImageData(600, 240, 1, 1).data].slice(0, 3);
        }"""
    )
    assert right == pytest.approx([214, 210, 202], abs=6)


def test_a_camera_that_faces_away_is_not_mirrored(painted):
    page = painted({"slug": FIRST, "box": WHOLE})

    assert (
        page.locator("[data-live=video]").evaluate(
            "(video) => getComputedStyle(video).scale"
        )
        == "none"
    )


def test_only_the_settled_answer_is_announced(painted):
    page = painted({"slug": FIRST, "box": WHOLE})
    page.wait_for_selector("[data-live=answer] a")
    page.evaluate(
        """() => {
          window.said = 0;
          new MutationObserver(() => { window.said += 1; }).observe(
            document.getElementById("live"),
            { subtree: true, childList: true, characterData: true });
          window.regions = [...document.querySelectorAll("#live [role=status], "
            + "#live [aria-live], #live [role=alert]")].map((one) => one.dataset.live);
          window.answers = 0;
          new MutationObserver(() => { window.answers += 1; }).observe(
            document.querySelector("[data-live=answer]"),
            { subtree: true, childList: true, characterData: true });
        }"""
    )
    frames = int(page.locator("#live").get_attribute("data-frames"))

    page.wait_for_function(
        """(least) => Number(document.getElementById("live").dataset.frames) > least""",
        arg=frames + 15,
    )

    page.wait_for_function("window.said > 0")
    assert page.evaluate("window.answers") == 0
    assert page.evaluate("window.regions") == ["complaint", "answer"]


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        ("NotReadableError", "another program is using it"),
        ("NotFoundError", "No camera was found"),
        ("NotAllowedError", "Allow it"),
    ],
)
def test_why_there_is_no_picture_is_said(open_page, failure, word):
    page = open_page("/en/about/")
    page.add_init_script(
        f"""navigator.mediaDevices.getUserMedia = async () => {{
          throw new DOMException("", "{failure}");
        }};"""
    )
    page.goto(page.url.replace("/about/", "/identify/"))

    page.locator("[data-live=open]").click()

    page.wait_for_selector("#live[data-state=refused]")
    says(page.locator("[data-live=complaint]"), word)
    expect(page.locator("[data-live=again]")).to_be_visible()


def test_a_camera_that_is_pulled_out_is_missed_and_may_come_back(painted):
    page = painted({"slug": FIRST, "box": WHOLE})
    page.wait_for_selector("#live[data-frames]")

    page.locator("[data-live=video]").evaluate(
        "(it) => it.srcObject.getTracks()[0].dispatchEvent(new Event('ended'))"
    )

    page.wait_for_selector("#live[data-state=refused]")
    says(page.locator("[data-live=complaint]"), "unplugged")
    page.locator("[data-live=again]").click()
    page.wait_for_selector("#live[data-state=live]")
    page.wait_for_selector("[data-live=answer] a")
    assert page.troubles == []


def test_without_webassembly_the_camera_takes_pictures_for_the_server(painted):
    page = painted({"slug": FIRST, "box": WHOLE}, before="delete window.WebAssembly;")

    says(page.locator("[data-live=size]"), "cannot run here")
    expect(page.locator("[data-live=promise]")).to_be_hidden()
    says(page.locator("[data-live=answer]"), "the server looks")
    expect(page.locator("[data-live=scores]")).to_be_hidden()
    expect(page.locator("#where")).to_be_hidden()
    page.locator("[data-live=keep]").click()

    page.wait_for_selector("#answer section.answer")
    says(page.locator(".answer-facts"), "The server")
    assert page.troubles == []


def test_a_browser_without_cameras_says_so(open_page):
    page = open_page("/en/about/")
    page.add_init_script("delete Navigator.prototype.mediaDevices;")
    page.goto(page.url.replace("/about/", "/identify/"))

    page.wait_for_selector("#live:not([hidden])")
    expect(page.locator("[data-live=open]")).to_be_disabled()
    says(page.locator("[data-live=size]"), "no camera here")
    assert page.troubles == []


@pytest.fixture
def launched(playwright: Playwright, is_slow: bool):
    """Open the page in a browser with so many fake cameras."""
    browsers: list[Browser] = []

    def launch(site, cameras: int) -> Page:
        browsers.append(
            playwright.chromium.launch(
                executable_path=find(),
                args=[
                    *ARGUMENTS,
                    f"--use-fake-device-for-media-stream=device-count={cameras}",
                ],
            )
        )
        context = browsers[-1].new_context(permissions=["camera"])
        page = patient_page(context, is_slow=is_slow)
        page.goto(site.url + ADDRESS)
        return page

    yield launch
    for browser in browsers:
        browser.close()


def test_one_of_several_cameras_is_picked(launched, site):
    page = launched(site, 2)
    page.locator("[data-live=open]").click()
    page.wait_for_selector("#live[data-state=live]")
    picker = page.locator("[data-live=cameras]")
    picker.wait_for()
    names = picker.locator("option").all_inner_texts()
    other = next(
        name
        for name in names
        if name != picker.evaluate("(it) => it.selectedOptions[0].textContent")
    )

    picker.select_option(label=other)

    page.wait_for_function(
        """(label) => document.querySelector("[data-live=video]")
             .srcObject?.getVideoTracks()[0].label === label""",
        arg=other,
    )
    assert len(names) == 2
    expect(picker.locator("option:checked")).to_have_text(other)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")


def test_a_machine_without_a_camera_is_told_what_to_do(launched, site):
    page = launched(site, 0)

    page.locator("[data-live=open]").click()

    page.wait_for_selector("#live[data-state=refused]")
    says(page.locator("[data-live=complaint]"), "No camera was found")
