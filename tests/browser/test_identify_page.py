"""The identify page in a real browser: one picture, one answer, a next step."""

from __future__ import annotations

import re
import threading

import pytest
from playwright.sync_api import expect

from classifier import actions, api, predictor
from tests.browser.patience import let_go, loaded_width, says
from tests.classifier import pictures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.usefixtures("recogniser"),
]

ADDRESS = "/en/identify/"
ANSWER = "#answer section.answer"


def a_photo(name: str = "kain.jpg", seed: int = 7, width: int = 320) -> dict:
    content = pictures.encoded(pictures.cloth(width, 240, seed))
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def give(page, *photos: dict) -> None:
    page.locator("#photos").set_input_files(list(photos))


def kind_of(page) -> str:
    page.wait_for_selector(ANSWER)
    expect(page.locator(ANSWER)).to_have_count(1)
    return page.locator(ANSWER).get_attribute("data-kind")


def test_two_close_motifs_are_shown_side_by_side_with_what_tells_them_apart(open_page):
    page = open_page(ADDRESS)

    give(page, a_photo())

    assert kind_of(page) == "either"
    expect(page.locator(".answer-either .card-name")).to_have_text(
        ["Gigi Haruan", "Hiris Pudak"]
    )
    says(page.locator(".answer-tell").first, "Hiris Pudak")
    assert page.troubles == []


def test_one_motif_leads_to_its_page(open_page, recogniser):
    recogniser({"hiris-pudak": 0.97}, single=("hiris-pudak",))
    page = open_page(ADDRESS)

    give(page, a_photo())

    assert kind_of(page) == "motif"
    page.locator(".answer-motif .button").click()
    expect(page).to_have_url(re.compile("/en/motifs/hiris-pudak/$"))


def test_not_known_is_an_answer_with_a_next_step(open_page, recogniser):
    recogniser({"not-cloth": 0.95})
    page = open_page(ADDRESS)

    give(page, a_photo())

    assert kind_of(page) == "unknown"
    assert len(page.locator(".answer-message").first.inner_text()) > 20
    expect(page.locator(".answer-either, .answer-motif")).to_have_count(0)


def test_the_unknown_bar_is_always_among_the_scores(open_page):
    page = open_page(ADDRESS)

    give(page, a_photo())
    kind_of(page)

    rows = page.locator("#answer .score-row")
    expect(rows).to_have_count(4)
    expect(rows.last).to_have_attribute("class", "score-row score-unknown")
    # As long as the score says: 0.50 of the way for the best.
    share = rows.first.evaluate(
        """it => it.querySelector(".bar-fill").getBoundingClientRect().width
               / it.querySelector(".bar").getBoundingClientRect().width"""
    )
    assert share == pytest.approx(0.5, abs=0.01)


def test_the_answer_belongs_to_the_photo_on_screen(open_page, monkeypatch, recogniser):
    """The first photo's answer comes after the second's and must not replace it."""
    first_is_here, first_may_end, first_has_ended = (threading.Event() for _ in "123")
    identify = actions.identify_photos

    def slow_for_the_wide_one(photos, *args, **kwargs):
        if photos[0].size > 30_000:
            first_is_here.set()
            first_may_end.wait(60)
            recogniser({"not-cloth": 0.95})
            first_has_ended.set()
        return identify(photos, *args, **kwargs)

    monkeypatch.setattr(api, "identify_photos", slow_for_the_wide_one)
    page = open_page(ADDRESS)
    wide = a_photo("lebar.jpg", width=1600)
    assert len(wide["buffer"]) > 30_000 > len(a_photo("lain.jpg")["buffer"])

    give(page, wide)
    page.wait_for_selector("#sewing:not([hidden])")
    assert first_is_here.wait(60)
    give(page, a_photo("lain.jpg"))
    assert kind_of(page) == "either"
    first_may_end.set()
    assert first_has_ended.wait(60)
    # What was asked after it has come, too.
    page.evaluate("fetch('/en/about/').then(answer => answer.text())")

    assert kind_of(page) == "either"
    assert loaded_width(page.locator("#frame img")) == 320


def test_several_photos_of_one_cloth_are_answered_together(open_page):
    page = open_page(ADDRESS)

    give(page, a_photo("satu.jpg"), a_photo("dua.jpg", 8), a_photo("tiga.jpg", 9))
    kind_of(page)

    expect(page.locator("#thumbs li")).to_have_count(3)
    assert predictor.champion().photos_seen == 3

    page.locator("#thumbs button").first.click()
    page.wait_for_function("() => document.querySelectorAll('#thumbs li').length === 2")
    kind_of(page)
    assert predictor.champion().photos_seen == 5


def test_a_sixth_photo_is_left_out_and_that_is_said(open_page):
    page = open_page(ADDRESS)

    give(page, *(a_photo(f"{n}.jpg", n) for n in range(6)))
    kind_of(page)

    expect(page.locator("#thumbs li")).to_have_count(5)
    says(page.locator(".too-many"), "At most 5 photos")


def test_what_is_not_a_photo_is_refused_before_it_is_sent(open_page):
    page = open_page(ADDRESS)
    sent = []
    page.on("request", lambda request: sent.append(request.method))

    give(page, {"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"})

    assert kind_of(page) == "error"
    assert "POST" not in sent
    expect(page.locator(".drop-choose")).to_be_visible()


def test_what_the_server_refuses_is_said_in_its_words(open_page):
    page = open_page(ADDRESS)

    give(page, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})

    assert kind_of(page) == "error"
    expect(page.locator(ANSWER)).not_to_be_empty()
    expect(page.locator(".answer-scores")).to_have_count(0)


def test_without_a_connection_the_page_says_so_and_tries_again(open_page):
    page = open_page(ADDRESS)
    page.context.set_offline(True)

    give(page, a_photo())

    assert kind_of(page) == "error"
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("[data-kind=either]")
    expect(page.locator(ANSWER)).to_have_count(1)


def test_a_photo_can_be_dropped_and_pasted(open_page):
    page = open_page(ADDRESS)
    hand_over = """async ([kind, target]) => {
      const canvas = new OffscreenCanvas(200, 150);
      const paint = canvas.getContext("2d");
      for (let x = 0; x < 200; x += 4) {
        paint.fillStyle = `hsl(${x * 3} 60% ${30 + (x % 40)}%)`;
        paint.fillRect(x, 0, 4, 150);
      }
      const blob = await canvas.convertToBlob({type: "image/png"});
      const data = new DataTransfer();
      data.items.add(new File([blob], "kain.png", {type: "image/png"}));
      const event = kind === "drop"
        ? new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
        : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
      document.querySelector(target).dispatchEvent(event);
    }"""

    page.evaluate(hand_over, ["drop", "#drop"])
    assert kind_of(page) == "either"

    page.locator("#restart").click()
    expect(page.locator(ANSWER)).to_have_count(0)
    page.evaluate(hand_over, ["paste", "body"])
    assert kind_of(page) == "either"


def test_an_example_is_answered_in_place_and_by_its_address(open_page):
    page = open_page(ADDRESS)

    page.locator("[data-example]").first.click()

    assert kind_of(page) in ("motif", "either", "unknown")
    expect(page.locator("#frame img")).to_have_count(1)
    expect(page.locator("[data-example][aria-current]")).to_have_count(1)
    assert page.troubles == []


def test_what_was_chosen_before_the_script_came_is_answered(open_page):
    page = open_page("/en/about/", service_workers="block")
    held = []
    page.route("**/identify.*js", lambda route: held.append(route))
    page.goto(page.url.replace("/about/", "/identify/"), wait_until="commit")
    page.wait_for_selector("#photos", state="attached")

    give(page, a_photo())
    let_go(page, held)

    assert kind_of(page) == "either"


def test_the_page_works_without_javascript(open_page):
    page = open_page(ADDRESS, java_script_enabled=False)

    give(page, a_photo())
    page.get_by_role("button", name="Identify").click()

    assert kind_of(page) == "either"
    expect(page.locator("#answer .score-row")).to_have_count(4)


def test_the_keyboard_alone_is_enough(open_page):
    page = open_page(ADDRESS)

    # The page's scripts have run.
    page.wait_for_selector(".drop-hint:not([hidden])")
    with page.expect_file_chooser() as chooser:
        page.locator("#photos").press("Space")
    chooser.value.set_files([a_photo()])

    assert kind_of(page) == "either"
    expect(page.locator("#answer")).to_be_focused()


def test_a_page_that_lost_its_cookie_still_gets_an_answer(open_page):
    """As one that was kept for flight mode, once there is a network again."""
    page = open_page(ADDRESS)
    page.context.clear_cookies()

    give(page, a_photo())

    assert kind_of(page) == "either"
