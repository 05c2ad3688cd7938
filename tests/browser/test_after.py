"""What can be done with an answer: look closer, say that it is wrong, share it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from motifs.models import Contribution
from tests.browser.patience import loaded_width, painted, says, too_wide
from tests.browser.test_identify_page import ADDRESS, ANSWER, a_photo, give, kind_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.usefixtures("recogniser", "media"),
]


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def answered(open_page, **how):
    page = open_page(ADDRESS, **how)
    give(page, a_photo(width=640))
    kind_of(page)
    # What is placed on the photo, is placed by its size.
    assert loaded_width(page.locator("#frame img")) == 640
    return page


def asked(page) -> list[str]:
    """Collect the addresses of what is sent from now on."""
    sent: list[str] = []
    page.on("request", lambda one: one.method == "POST" and sent.append(one.url))
    return sent


def answer_after(page, act) -> None:
    """Do something that asks anew, and wait for the next answer."""
    page.locator(ANSWER).evaluate("it => it.setAttribute('data-old', '')")
    act()
    page.wait_for_selector(f"{ANSWER}:not([data-old])")


class TestReport:
    def test_two_taps_make_a_contribution_with_a_status_page(self, open_page, site):
        page = answered(open_page, width=360)

        page.get_by_role("button", name="This is wrong").click()
        page.get_by_role("button", name="show and train").click()
        page.wait_for_selector("#after-said section")

        says(page.locator("#after-said"), "arrived")
        page.get_by_role("link", name="See what becomes of it").click()
        expect(page.locator("h1")).to_have_text("Your contribution")
        says(page.locator(".fact-list"), "Submitted")
        assert loaded_width(page.locator(".gallery img")) > 0
        page.get_by_role("link", name="Take it back").click()
        page.get_by_role("button", name="Take it back").click()
        page.wait_for_selector("text=It is withdrawn")
        assert page.troubles == []

    def test_the_motifs_on_screen_are_offered_and_any_other(self, open_page):
        page = answered(open_page)
        page.get_by_role("button", name="This is wrong").click()

        page.locator("#report [name=other]").select_option("naga-balimbur")

        expect(page.locator("#report [data-named]")).to_have_text(
            ["Gigi Haruan", "Hiris Pudak", "Kulat Karikit"]
        )
        expect(page.locator("#report [value=other]")).to_be_checked()
        page.get_by_role("button", name="curators' eyes").click()
        page.wait_for_selector("#after-said section")
        page.get_by_role("link", name="See what becomes of it").click()
        says(page.locator(".fact-list"), "Naga Balimbur")

    def test_made_without_a_network_it_waits_and_is_sent_later(self, open_page):
        page = answered(open_page)
        page.context.set_offline(True)

        page.get_by_role("button", name="This is wrong").click()
        page.get_by_role("button", name="show and train").click()
        page.wait_for_selector("#outbox:not([hidden])")
        says(page.locator("#after-said"), "kept on this device")

        page.context.set_offline(False)
        page.wait_for_selector("[data-outbox=link]:not([hidden])")
        says(page.locator("#outbox"), "has been sent")
        page.locator("[data-outbox=link]").click()
        expect(page.locator("h1")).to_have_text("Your contribution")
        page.go_back()
        page.wait_for_load_state("networkidle")
        expect(page.locator("#outbox")).to_be_hidden()

    def test_a_first_try_that_fails_is_not_the_last(self, open_page):
        page = answered(open_page)
        page.clock.install()
        page.context.set_offline(True)
        page.get_by_role("button", name="This is wrong").click()
        page.get_by_role("button", name="show and train").click()
        page.wait_for_selector("#outbox:not([hidden])")

        page.route("**/identify/", lambda route: route.abort())
        with page.expect_event("requestfailed"):
            page.context.set_offline(False)
        page.unroute("**/identify/")
        page.clock.fast_forward(20_000)

        page.wait_for_selector("[data-outbox=link]:not([hidden])")
        says(page.locator("#outbox"), "has been sent")

    def test_what_waits_can_be_discarded(self, open_page):
        page = answered(open_page)
        page.context.set_offline(True)
        page.get_by_role("button", name="This is wrong").click()
        page.get_by_role("button", name="show and train").click()
        page.wait_for_selector("#outbox:not([hidden])")

        page.get_by_role("button", name="Discard them").click()
        page.wait_for_selector("#outbox", state="hidden")
        page.context.set_offline(False)
        sent = asked(page)
        page.reload()
        page.wait_for_load_state("networkidle")

        assert sent == []

    def test_nothing_is_offered_before_there_is_an_answer(self, open_page, recogniser):
        page = open_page(ADDRESS)
        expect(page.locator("#after")).to_be_hidden()

        page.locator("[data-example]").first.click()
        kind_of(page)

        expect(page.locator("#after")).to_be_hidden()


# A page's long timers wait in `timers`, by number, until the test runs them.
LONG_TIMERS = """
window.timers = new Map();
window.planned = [];
const [start, stop] = [window.setTimeout, window.clearTimeout];
window.setTimeout = (work, ms, ...rest) => {
  const id = start(ms < 10000 ? work : () => {}, ms < 10000 ? ms : 1e9, ...rest);
  if (ms >= 10000) timers.set(id, work) && planned.push(ms / 1000);
  return id;
};
window.clearTimeout = (id) => (timers.delete(id), stop(id));
"""
RUN_TIMERS = "() => [...timers].map(([id, work]) => (timers.delete(id), work())).length"


class TestWaiting:
    """A report with its photos is megabytes: how often they are sent is bounded."""

    @pytest.fixture
    def waiting(self, open_page):
        """A page on which a report waits, made without a network."""
        page = answered(open_page, service_workers="block")
        page.context.set_offline(True)
        page.get_by_role("button", name="This is wrong").click()
        page.get_by_role("button", name="show and train").click()
        page.wait_for_selector("#outbox:not([hidden])")
        page.add_init_script(LONG_TIMERS)
        return page

    def planned(self, page, count: int) -> list[float]:
        """Wait until so many waits have been planned; return their seconds."""
        page.wait_for_function("count => planned.length >= count", arg=count)
        assert page.evaluate("timers.size") == 1
        return page.evaluate("planned")

    def visit(self, page, answer) -> list[str]:
        """Open the page anew; return the list of the reports that it sends."""
        sent: list[str] = []

        def take(route):
            sent.append(route.request.url)
            answer(route)

        address = page.url
        # The page on which it was made must not be the one that sends it.
        page.goto("about:blank")
        page.context.set_offline(False)
        page.route("**/identify/report/", take)
        page.goto(address)
        return sent

    def test_whoever_comes_back_sees_that_one_waits(self, waiting):
        self.visit(waiting, lambda route: route.abort())

        expect(waiting.locator("#outbox")).to_be_visible()
        expect(waiting.locator("[data-outbox=discard]")).to_be_visible()

    def test_a_network_that_fails_is_tried_less_and_less_often(self, waiting):
        sent = self.visit(waiting, lambda route: route.abort())

        for count in range(1, 8):
            self.planned(waiting, count)
            assert waiting.evaluate(RUN_TIMERS) == 1

        assert self.planned(waiting, 8) == [15, 30, 60, 120, 240, 300, 300, 300]
        assert len(sent) == 8

    def test_a_network_that_comes_back_meanwhile_leaves_one_timer(self, waiting):
        held = []
        self.visit(waiting, held.append)
        while not held:
            waiting.wait_for_timeout(20)

        waiting.evaluate("for (let n = 3; n--; ) dispatchEvent(new Event('online'))")
        painted(waiting)
        held.pop().abort()

        assert self.planned(waiting, 1) == [15]
        painted(waiting)
        assert waiting.evaluate("planned") == [15]
        assert held == []

    @pytest.mark.parametrize(
        ("says_when", "waits"),
        [
            ({"Retry-After": "1200"}, [1200, 1200]),
            ({"Retry-After": "1"}, [15, 30]),
            ({}, [900, 900]),
        ],
    )
    def test_a_server_that_is_busy_is_left_alone_as_long_as_it_says(
        self, waiting, says_when, waits
    ):
        sent = self.visit(
            waiting, lambda route: route.fulfill(status=429, headers=says_when)
        )
        self.planned(waiting, 1)

        waiting.evaluate("dispatchEvent(new Event('online'))")
        painted(waiting)
        assert len(sent) == 1
        waiting.evaluate(RUN_TIMERS)

        assert self.planned(waiting, 2) == waits
        assert len(sent) == 2

    @pytest.mark.parametrize("status", [403, 500, 503])
    def test_what_the_server_cannot_take_waits_for_the_next_visit(
        self, waiting, status
    ):
        with waiting.expect_response("**/identify/report/"):
            sent = self.visit(waiting, lambda route: route.fulfill(status=status))
        painted(waiting)
        waiting.evaluate("dispatchEvent(new Event('online'))")
        painted(waiting)

        assert (len(sent), waiting.evaluate("planned")) == (1, [])
        waiting.unroute("**/identify/report/")
        waiting.reload()
        waiting.wait_for_selector("[data-outbox=link]:not([hidden])", state="attached")

    def test_what_is_kept_while_the_device_believes_in_a_network_is_tried_again(
        self, open_page
    ):
        page = open_page("/en/", service_workers="block")
        page.add_init_script(LONG_TIMERS)
        page.goto(page.url.removesuffix("/en/") + ADDRESS)
        give(page, a_photo(width=640))
        kind_of(page)
        page.route("**/identify/report/", lambda route: route.abort())
        page.get_by_role("button", name="This is wrong").click()
        page.get_by_role("button", name="show and train").click()

        assert self.planned(page, 1) == [15]
        page.unroute("**/identify/report/")
        page.evaluate(RUN_TIMERS)

        page.wait_for_selector("[data-outbox=link]:not([hidden])")
        says(page.locator("#outbox"), "has been sent")


class TestShare:
    def test_an_answer_gets_an_address_and_can_be_taken_back(self, open_page):
        page = answered(open_page, width=360)

        page.get_by_role("button", name="Share this answer").click()
        page.get_by_role("button", name="Share with the photo").click()
        address = page.locator("[data-address]").input_value()
        back = page.get_by_role("link", name="Take it back").get_attribute("href")

        page.goto(address)
        says(page.locator(".answer-either"), "Gigi Haruan")
        assert loaded_width(page.locator(".frame img")) == 640
        page.goto(address.partition("/en/")[0] + back)
        page.get_by_role("button", name="Take it back").click()
        says(page.locator("h1"), "no longer shared")
        assert page.troubles == []
        assert page.goto(address).status == 404


class TestCrop:
    def test_with_the_keyboard_a_part_is_chosen_and_looked_at_again(self, open_page):
        page = answered(open_page)
        opener = page.get_by_role("button", name="Only a part of it")
        opener.focus()
        page.keyboard.press("Enter")
        left = page.get_by_role("slider", name="Left")
        expect(left).to_be_visible()
        left.focus()

        def press():
            for _ in range(30):
                page.keyboard.press("ArrowRight")

        answer_after(page, press)

        expect(left).to_have_value("30")
        edge = page.locator(".crop-edge").bounding_box()
        frame = page.locator("#frame").bounding_box()
        assert edge["width"] / frame["width"] == pytest.approx(0.7, abs=0.02)
        # What was found is drawn over the part that was looked at. Keys that come
        # slowly are answered on their way, too: the last answer counts.
        page.wait_for_function(
            """() => {
              const [overlay, edge] = [".overlay", ".crop-edge"].map(
                (one) => document.querySelector(one)?.getBoundingClientRect().x);
              return Math.abs(overlay - edge) <= 3;
            }"""
        )

    def test_a_corner_can_be_dragged(self, open_page):
        page = answered(open_page, width=360)
        page.get_by_role("button", name="Only a part of it").click()
        corner = page.locator(".crop-corner.bottom.right")
        # Also waits until nothing moves any more: the page scrolls to the answer.
        corner.hover()
        frame, box = page.locator("#frame").bounding_box(), corner.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        def drag():
            page.mouse.down()
            page.mouse.move(x - frame["width"] / 2, y - frame["height"] / 2, steps=5)
            page.mouse.up()

        answer_after(page, drag)

        right = page.get_by_role("slider", name="Right").input_value()
        bottom = page.get_by_role("slider", name="Bottom").input_value()
        assert float(right) == pytest.approx(50, abs=4)
        assert float(bottom) == pytest.approx(50, abs=4)

    def test_only_the_part_is_sent(self, open_page, monkeypatch):
        from PIL import Image

        from classifier import actions, api

        sizes = []
        identify = actions.identify_photos

        def measuring(photos, *args, **kwargs):
            with Image.open(photos[0]) as picture:
                sizes.append(picture.size)
            photos[0].seek(0)
            return identify(photos, *args, **kwargs)

        monkeypatch.setattr(api, "identify_photos", measuring)
        page = answered(open_page)
        page.get_by_role("button", name="Only a part of it").click()
        top = page.get_by_role("slider", name="Top")
        answer_after(page, lambda: top.fill("50"))
        whole = page.get_by_role("button", name="The whole photo")
        answer_after(page, whole.click)

        assert sizes == [(640, 240), (640, 120), (640, 240)]

    def test_sides_keep_apart(self, open_page):
        page = answered(open_page)
        page.get_by_role("button", name="Only a part of it").click()
        left = page.get_by_role("slider", name="Left")

        answer_after(page, lambda: left.fill("100"))

        expect(left).to_have_value("90")

    def test_the_next_photo_is_whole(self, open_page):
        page = answered(open_page)
        page.get_by_role("button", name="Only a part of it").click()
        left = page.get_by_role("slider", name="Left")
        answer_after(page, lambda: left.fill("40"))

        answer_after(page, lambda: give(page, a_photo("lain.jpg", 9)))

        expect(page.locator(".crop-edge")).to_have_count(0)
        page.get_by_role("button", name="Only a part of it").click()
        expect(left).to_have_value("0")


@pytest.mark.parametrize("width", [360, 1280])
def test_with_everything_open_nobody_is_left_out(open_page, axe, width):
    page = answered(open_page, width=width, bypass_csp=True, reduced_motion="reduce")
    page.get_by_role("button", name="Only a part of it").click()
    left = page.get_by_role("slider", name="Left")
    answer_after(page, lambda: left.fill("40"))
    page.get_by_role("button", name="This is wrong").click()
    page.evaluate(axe)

    found = page.evaluate("async () => (await axe.run()).violations")

    assert [one["id"] for one in found] == []
    assert too_wide(page) <= 0


def test_a_report_is_one_row_of_the_catalogue(open_page):
    page = answered(open_page)
    before = Contribution.objects.count()

    page.get_by_role("button", name="This is wrong").click()
    page.get_by_role("button", name="show and train").click()
    page.wait_for_selector("#after-said section")

    assert Contribution.objects.count() == before + 1
