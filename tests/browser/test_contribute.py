"""Giving photos from a phone: on bad networks, after loading again, without scripts."""

from __future__ import annotations

import hashlib
import re
from io import BytesIO
from threading import Thread

import pytest
from django.db import connection
from PIL import Image
from pillow_heif import from_pillow
from playwright.sync_api import expect

from motifs.models import Contribution
from tests.browser.patience import let_go, loaded_width, painted, says, too_wide
from tests.browser.test_pages_look import serious
from tests.factories import ContributionFactory, PhotoFactory, UserFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.usefixtures("recogniser", "media"),
]

NEW = "/en/contributions/new/"
PHONE = {"width": 360, "has_touch": True}
# What a service worker passes on could not be cut.
BAD = {**PHONE, "service_workers": "block"}
PIECE = 1024 * 1024
SAVE = "**/save/"
# Sends the form while the page waits a second for what its store has kept.
PRESS_BEFORE_STORE = """
const listen = IDBRequest.prototype.addEventListener;
IDBRequest.prototype.addEventListener = function (kind, act) {
  listen.call(this, kind, (event) => {
    if (kind !== "success" || window.isPressed) return act(event);
    window.isPressed = true;
    document.querySelector("#giving [name=send]").click();
    setTimeout(act, 1000, event);
  });
};
"""
# A chosen photo for which the page has no room, and, if asked, the button at once.
CHOOSE_WITHOUT_ROOM = """async (andSend) => {
  const make = URL.createObjectURL;
  URL.createObjectURL = () => {
    URL.createObjectURL = make;
    throw new Error("no room");
  };
  const held = new DataTransfer();
  held.items.add(new File(["x"], "kain.png", {type: "image/png"}));
  const chooser = document.getElementById("giving-chooser");
  chooser.files = held.files;
  chooser.dispatchEvent(new Event("change"));
  if (andSend) document.querySelector("#giving [name=send]").click();
}"""


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def noise(side: int = 1800, seed: int = 1) -> bytes:
    """A photo of some megabytes: three pieces on the way."""
    content = hashlib.shake_256(bytes([seed])).digest(side * side)
    out = BytesIO()
    Image.frombytes("L", (side, side), content).save(out, "JPEG", quality=85)
    assert 2 * PIECE < len(out.getvalue()) < 4 * PIECE
    return out.getvalue()


def small(colour: str, name: str = "kain.jpg") -> dict[str, object]:
    out = BytesIO()
    Image.new("RGB", (320, 240), colour).save(out, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": out.getvalue()}


def large(seed: int = 1, name: str = "besar.jpg") -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": noise(seed=seed)}


def choose(page, *files) -> None:
    page.locator("#giving-chooser").set_input_files(list(files))


def arrived(page, count: int) -> None:
    page.wait_for_selector(f"li[data-state=done] >> nth={count - 1}")


def finish(page) -> None:
    page.locator("[name=people][value=none]").check()
    page.locator("[name=consent_to_show]").check()
    page.get_by_role("button", name="Send it to the curators").click()
    page.wait_for_selector(".given-history")


def given(page) -> Contribution:
    """The contribution that the page is about; the site's others are of other tests."""
    key = page.url.partition("/contributions/")[2].partition("/")[0]
    return Contribution.objects.get(key=key)


def committed(make):
    """Make rows that the site sees: a test's own transaction is never committed."""
    made: list[object] = []

    def run() -> None:
        try:
            made.append(make())
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()
    return made[0]


class Cut:
    """A network that takes some pieces and then none, until it is mended."""

    def __init__(self, page, after: int) -> None:
        self.offsets: list[str] = []
        self.is_cut = True
        self._left = after
        page.route("**/uploads/*/", self._take)

    def _take(self, route) -> None:
        if route.request.method != "PATCH":
            return route.continue_()
        self.offsets.append(route.request.headers["upload-offset"])
        self._left -= 1
        if self.is_cut and self._left < 0:
            return route.abort("internetdisconnected")
        return route.continue_()

    def mend(self, page) -> None:
        self.is_cut = False
        page.evaluate("() => dispatchEvent(new Event('online'))")


class TestFlow:
    def test_from_the_first_photo_to_its_status_page(self, open_page):
        page = open_page(f"{NEW}?motif=gigi-haruan", **PHONE)

        choose(page, small("indigo"), small("teal", "dua.jpg"))
        arrived(page, 2)
        page.get_by_label("Where was it made?").fill("Martapura")
        page.wait_for_selector("text=Kept as a draft")
        finish(page)

        gift = given(page)
        assert gift.state == "submitted"
        assert (gift.motif.slug, gift.place) == ("gigi-haruan", "Martapura")
        assert (gift.people, gift.licence) == ("none", "CC-BY-SA-4.0")
        assert (gift.consent_to_show, gift.consent_to_train) == (True, False)
        says(page.locator(".given-history"), "You sent it.")
        images = page.locator(".gallery img")
        expect(images).to_have_count(2)
        assert [loaded_width(one) for one in images.all()] == [320, 320]
        page.get_by_role("link", name="Take it back").click()
        page.get_by_role("button", name="Take it back").click()
        page.wait_for_selector("text=It is withdrawn")
        assert page.troubles == []

    def test_in_indonesian(self, open_page):
        page = open_page("/id/contributions/new/", **PHONE)

        choose(page, small("indigo"))
        arrived(page, 1)
        page.locator("[name=people][value=none]").check()
        page.locator("[name=send]").click()
        page.wait_for_selector(".given-history")

        assert given(page).language == "id"
        expect(page.locator("html")).to_have_attribute("lang", "id")
        assert page.troubles == []

    def test_a_page_that_is_only_read_makes_no_draft(self, open_page):
        before = Contribution.objects.count()
        page = open_page(NEW, **PHONE)
        page.wait_for_load_state("networkidle")

        assert Contribution.objects.count() == before
        expect(page).to_have_url(re.compile(f"{re.escape(NEW)}$"))

    def test_a_photo_of_an_iphone_is_shown_once_it_is_here(self, open_page):
        out = BytesIO()
        from_pillow(Image.new("RGB", (320, 240), "indigo")).save(out, quality=90)
        page = open_page(NEW, **PHONE)

        choose(
            page,
            {"name": "IMG_1.HEIC", "mimeType": "image/heic", "buffer": out.getvalue()},
        )
        arrived(page, 1)

        assert loaded_width(page.locator("#giving-photos img")) == 320
        assert given(page).photos.get().media_type == "image/jpeg"

    def test_a_bad_file_keeps_neither_the_others_nor_the_text_back(self, open_page):
        page = open_page(NEW, **PHONE)
        page.get_by_label("Its story").fill("Dipakai nenek.")
        bad = {"name": "surat.jpg", "mimeType": "image/jpeg", "buffer": b"x" * 500}

        choose(page, bad, small("indigo"))
        arrived(page, 1)

        failed = page.locator("li[data-state=failed]")
        says(failed, "not a JPEG, PNG, WebP or HEIC")
        finish(page)
        gift = given(page)
        assert (gift.photos.count(), gift.story) == (1, "Dipakai nenek.")

    def test_what_is_missing_is_said_where_it_is_put_right(self, open_page):
        page = open_page(NEW, reduced_motion="reduce", **PHONE)
        choose(page, small("indigo"))
        arrived(page, 1)

        page.get_by_role("button", name="Send it to the curators").click()
        page.get_by_role("link", name="Say whether somebody").click()

        page.wait_for_function(
            "document.getElementById('people').getBoundingClientRect().y < 600"
        )
        expect(page.locator("#giving-photos li")).to_have_count(1)
        finish(page)
        assert given(page).state == "submitted"

    def test_a_photo_is_removed_and_the_same_one_is_known(self, open_page):
        page = open_page(NEW, **PHONE)
        choose(page, small("indigo"), small("teal", "dua.jpg"))
        arrived(page, 2)

        choose(page, small("indigo"))
        page.wait_for_selector("text=This photo is here already")
        page.get_by_role("button", name="Remove: dua.jpg").click()
        page.locator("#giving-drop[data-count^='1 ']").wait_for()

        assert given(page).photos.count() == 1

    def test_no_more_than_ten(self, open_page):
        page = open_page(NEW, **PHONE)

        choose(page, *[small(f"rgb({n * 20},9,9)", f"{n}.jpg") for n in range(11)])
        arrived(page, 10)

        page.wait_for_selector("text=At most 10 photos of one cloth")
        assert given(page).photos.count() == 10

    def test_a_dropped_photo_is_taken(self, open_page):
        page = open_page(NEW, service_workers="block")

        page.evaluate(
            """async () => {
              const canvas = new OffscreenCanvas(300, 200);
              canvas.getContext("2d").fillRect(0, 0, 300, 200);
              const blob = await canvas.convertToBlob({type: "image/jpeg"});
              const held = new DataTransfer();
              held.items.add(new File([blob], "kain.jpg", {type: "image/jpeg"}));
              const event = new DragEvent("drop", {dataTransfer: held, bubbles: true});
              document.getElementById("giving-drop").dispatchEvent(event);
            }"""
        )
        arrived(page, 1)

        assert (given(page).photos.get().width, given(page).photos.get().height) == (
            300,
            200,
        )


class TestBadNetwork:
    def test_a_cut_network_loses_no_byte_and_no_word(self, open_page):
        page = open_page(NEW, **BAD)
        cut = Cut(page, after=1)

        choose(page, large())
        page.wait_for_selector("li[data-state=offline]")
        page.get_by_label("Its story").fill("Dipakai nenek.")
        page.wait_for_selector("text=Kept as a draft")
        cut.mend(page)
        arrived(page, 1)

        assert cut.offsets[0] == "0"
        # It went on where it stopped: the first piece was sent once.
        assert cut.offsets.count("0") == 1
        with given(page).photos.get().image.open() as file:
            assert file.read() == noise()
        finish(page)
        assert given(page).story == "Dipakai nenek."

    def test_loaded_again_it_goes_on_where_it_stopped(self, open_page):
        page = open_page(NEW, **BAD)
        cut = Cut(page, after=2)
        page.get_by_label("Where was it made?").fill("Martapura")
        choose(page, small("indigo"), large())
        arrived(page, 1)
        page.wait_for_selector("li[data-state=offline]")
        cut.is_cut = False
        cut.offsets.clear()

        page.reload()
        arrived(page, 1)

        expect(page).to_have_url(re.compile("/edit/"))
        expect(page.get_by_label("Where was it made?")).to_have_value("Martapura")
        expect(page.locator("#giving-photos li")).to_have_count(2)
        assert "0" not in cut.offsets
        assert given(page).photos.count() == 2
        finish(page)
        assert given(page).photos.count() == 2

    def test_sent_while_photos_are_fetched_again_it_waits_for_them(self, open_page):
        page = open_page(NEW, **BAD)
        cut = Cut(page, after=2)
        page.locator("[name=people][value=none]").check()
        page.wait_for_selector("text=Kept as a draft")
        choose(page, small("indigo"), large())
        arrived(page, 1)
        page.wait_for_selector("li[data-state=offline]")
        cut.is_cut = False

        page.add_init_script(PRESS_BEFORE_STORE)
        page.reload()
        page.wait_for_selector(".given-history")

        gift = given(page)
        assert (gift.state, gift.photos.count()) == ("submitted", 2)

    def test_on_another_device_the_same_photo_goes_on(self, open_page, site):
        page = open_page(NEW, **BAD)
        Cut(page, after=1)
        choose(page, large())
        page.wait_for_selector("li[data-state=offline]")
        address = page.url.removeprefix(site.url)

        other = open_page(address, **BAD)
        offsets = Cut(other, after=100).offsets
        assert (
            "A part of a photo is here" in other.locator("#giving-photos").inner_text()
        )
        choose(other, large())
        arrived(other, 1)

        assert "0" not in offsets
        expect(other.locator("#giving-photos li")).to_have_count(1)
        assert given(other).photos.count() == 1

    def test_paused_and_gone_on(self, open_page):
        page = open_page(NEW, **BAD)
        held = []
        page.route(
            "**/uploads/*/",
            lambda route: (
                held.append(route)
                if route.request.method == "PATCH"
                else route.continue_()
            ),
        )
        choose(page, large())
        page.get_by_role("button", name="Pause: besar.jpg").click()
        page.wait_for_selector("li[data-state=paused]")
        page.unroute("**/uploads/*/")

        page.get_by_role("button", name="Go on: besar.jpg").click()
        arrived(page, 1)

        assert given(page).photos.count() == 1

    def test_sent_while_photos_are_on_their_way_it_waits_for_them(self, open_page):
        page = open_page(NEW, **BAD)
        cut = Cut(page, after=1)
        choose(page, large())
        page.wait_for_selector("li[data-state=offline]")
        page.locator("[name=people][value=none]").check()

        page.get_by_role("button", name="Send it to the curators").click()
        page.wait_for_selector("text=as soon as the photos have arrived")
        assert given(page).state == "draft"
        cut.mend(page)
        page.wait_for_selector(".given-history")

        gift = given(page)
        assert (gift.state, gift.photos.count()) == ("submitted", 1)

    def test_what_the_button_said_stands_until_something_is_changed(self, open_page):
        page = open_page(NEW, **BAD)
        Cut(page, after=1)
        choose(page, large())
        page.wait_for_selector("li[data-state=offline]")
        held = []
        page.route(SAVE, lambda route: held.append(route))

        with page.expect_request(SAVE):
            page.get_by_label("Its story").fill("Dipakai nenek.")
        page.get_by_role("button", name="Send it to the curators").click()
        says(page.locator("#giving-kept"), "as soon as the photos have arrived")
        with page.expect_response(SAVE):
            let_go(page, held)
        painted(page)

        says(page.locator("#giving-kept"), "as soon as the photos have arrived")

    def test_what_is_refused_meanwhile_is_shown_before_it_is_sent(self, open_page):
        page = open_page(NEW, **BAD)
        cut = Cut(page, after=1)
        bad = {"name": "surat.jpg", "mimeType": "image/jpeg", "buffer": b"x" * 500}
        choose(page, small("indigo"), bad)
        page.wait_for_selector("li[data-state=offline]")
        page.locator("[name=people][value=none]").check()
        send = page.get_by_role("button", name="Send it to the curators")

        send.click()
        cut.mend(page)
        page.wait_for_selector("text=A photo could not be added")
        state_then = given(page).state
        send.click()
        page.wait_for_selector(".given-history")

        assert state_then == "draft"
        assert given(page).photos.count() == 1

    def test_a_library_that_did_not_arrive_is_fetched_again(self, open_page):
        page = open_page("/en/", **BAD)
        page.route("**/tus.min*.js", lambda route: route.abort())
        page.goto(page.url + "contributions/new/")

        choose(page, small("indigo"))
        page.wait_for_selector("li[data-state=offline]")
        page.unroute("**/tus.min*.js")
        page.evaluate("() => dispatchEvent(new Event('online'))")
        arrived(page, 1)

        assert given(page).photos.count() == 1

    def test_a_store_that_hangs_keeps_no_photo_back(self, open_page):
        page = open_page("/en/", **PHONE)
        page.add_init_script("IDBFactory.prototype.open = () => new EventTarget();")
        page.goto(page.url + "contributions/new/")

        choose(page, small("indigo"))
        arrived(page, 1)

        assert given(page).photos.count() == 1

    def test_what_is_sent_at_once_takes_its_photos_along(self, open_page):
        page = open_page(NEW, **BAD)
        page.locator("[name=people][value=none]").check()
        # The choice and the press in one go: nothing has been read of the file yet.
        page.evaluate(
            """async () => {
              const blob = await (await fetch("/static/img/share.png")).blob();
              const held = new DataTransfer();
              held.items.add(new File([blob], "kain.png", {type: "image/png"}));
              const chooser = document.getElementById("giving-chooser");
              chooser.files = held.files;
              chooser.dispatchEvent(new Event("change"));
              document.querySelector("#giving [name=send]").click();
            }"""
        )
        page.wait_for_selector(".given-history")

        gift = given(page)
        assert (gift.state, gift.photos.count()) == ("submitted", 1)

    def test_a_photo_that_cannot_be_taken_does_not_hold_the_others(self, open_page):
        page = open_page(NEW, **BAD)

        page.evaluate(CHOOSE_WITHOUT_ROOM, False)
        says(page.locator("#giving-said"), "It did not arrive. Try again.")
        choose(page, small("indigo"))
        arrived(page, 1)
        finish(page)

        gift = given(page)
        assert (gift.state, gift.photos.count()) == ("submitted", 1)

    def test_what_cannot_be_taken_is_seen_before_the_rest_is_sent(self, open_page):
        page = open_page(NEW, **BAD)
        choose(page, small("indigo"))
        arrived(page, 1)
        page.locator("[name=people][value=none]").check()

        page.evaluate(CHOOSE_WITHOUT_ROOM, True)
        says(page.locator("#giving-kept"), "A photo could not be added")
        painted(page)

        assert given(page).state == "draft"

    def test_without_any_network_what_was_typed_waits(self, open_page):
        page = open_page(NEW, **BAD)
        page.context.set_offline(True)
        page.get_by_label("Its story").fill("Dipakai nenek.")
        page.wait_for_selector("text=No network: what you typed")

        page.context.set_offline(False)
        page.wait_for_selector("text=Kept as a draft")

        assert given(page).story == "Dipakai nenek."


class TestWithoutScripts:
    def test_one_form_brings_everything(self, open_page):
        page = open_page(NEW, java_script_enabled=False, width=360)

        page.locator("#giving-chooser").set_input_files([small("indigo")])
        page.get_by_label("Where was it made?").fill("Martapura")
        page.get_by_role("button", name="Send it to the curators").click()
        says(page.locator("[role=alert]"), "This is still missing")
        page.locator("[name=people][value=none]").check()
        page.get_by_role("button", name="Send it to the curators").click()
        expect(page.locator("h1")).to_have_text("Your contribution")

        gift = given(page)
        assert (gift.state, gift.place) == ("submitted", "Martapura")
        assert gift.photos.count() == 1

    def test_a_photo_is_removed_and_the_text_stays(self, open_page):
        page = open_page(NEW, java_script_enabled=False, width=360)
        page.locator("#giving-chooser").set_input_files([small("indigo")])
        page.get_by_role("button", name="Keep it as a draft").click()

        remove = page.get_by_role("button", name="Remove photo 1")
        expect(remove).to_be_visible()
        page.get_by_label("Its story").fill("Dipakai nenek.")
        remove.click()
        expect(remove).to_have_count(0)

        expect(page.get_by_label("Its story")).to_have_value("Dipakai nenek.")
        assert not given(page).photos.exists()


def test_what_was_chosen_before_the_script_came_is_sent(open_page):
    page = open_page("/en/", **BAD)
    held = []
    page.route("**/giving.*js", lambda route: held.append(route))
    page.goto(page.url + "contributions/new/", wait_until="commit")
    page.wait_for_selector("#giving-chooser", state="attached")

    choose(page, small("indigo"))
    let_go(page, held)

    arrived(page, 1)


def test_what_is_submitted_is_changed_and_gets_another_photo(open_page):
    submitted = committed(
        lambda: (
            PhotoFactory(
                contribution=ContributionFactory(given_by=None, place="Amuntai")
            ).contribution
        )
    )
    page = open_page(f"/en/contributions/{submitted.key}/", **PHONE)
    page.clock.install()

    page.get_by_role("link", name="Change it").click()
    page.get_by_label("Where was it made?").fill("Kandangan")
    choose(page, small("indigo"))
    arrived(page, 1)
    page.clock.fast_forward(20_000)
    page.wait_for_load_state("networkidle")
    submitted.refresh_from_db()
    # Texts of what is submitted change with the button alone.
    assert submitted.place == "Amuntai"
    page.get_by_role("button", name="Keep the changes").click()
    page.wait_for_selector("text=Your changes are kept")

    submitted.refresh_from_db()
    assert (submitted.place, submitted.photos.count()) == ("Kandangan", 2)
    for change in ("You added a photo.", "You changed: place."):
        says(page.locator(".given-history"), change)


def test_an_edit_is_suggested_from_a_statement(open_page):
    page = open_page("/en/motifs/gigi-haruan/", **PHONE)

    page.locator(".claim-sureness a").first.click()
    expect(page.locator(".giving-quote")).not_to_be_empty()
    page.get_by_label("Your text").fill("It is a snake.")
    page.get_by_role("button", name="Send the suggestion").click()
    page.wait_for_selector(".given-history")

    gift = given(page)
    assert (gift.kind, gift.state, gift.motif.slug) == (
        "edit",
        "submitted",
        "gigi-haruan",
    )
    assert page.troubles == []


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_left_out_on_any_of_the_pages(open_page, site, axe, width, scheme):
    page = open_page(
        NEW,
        width=width,
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
        service_workers="block",
    )
    cut = Cut(page, after=2)
    bad = {"name": "surat.jpg", "mimeType": "image/jpeg", "buffer": b"x" * 500}
    choose(page, small("indigo"), bad, large())
    page.wait_for_selector("li[data-state=failed]")
    page.wait_for_selector("li[data-state=offline]")
    found = {"form": look(page, axe)}
    cut.mend(page)
    arrived(page, 2)
    page.reload()
    expect(page.locator("#giving-photos li")).to_have_count(2)
    page.get_by_role("button", name="Send it to the curators").click()
    page.wait_for_selector("[role=alert]")
    found["errors"] = look(page, axe)
    finish(page)
    found["status"] = look(page, axe)
    gift = given(page)
    key, photo = gift.key, gift.photos.first()
    for name, address in (
        ("withdraw", f"/en/contributions/{key}/withdraw/"),
        ("withdraw one", f"/en/contributions/{key}/photos/{photo.pk}/withdraw/"),
        ("suggest", f"{NEW}?kind=edit&motif=gigi-haruan"),
    ):
        page.goto(site.url + address)
        found[name] = look(page, axe)

    assert found == {name: [] for name in found}


def look(page, axe) -> list[str]:
    wide = too_wide(page)
    return serious(page, axe) + ([f"{wide} px too wide"] if wide > 0 else [])


def test_ones_own_list_shows_every_state(open_page, site, axe):
    cookie = committed(one_who_gave_much)
    page = open_page(NEW, width=360, bypass_csp=True, reduced_motion="reduce")
    page.context.add_cookies([{**cookie, "url": site.url}])

    page.goto(f"{site.url}/en/contributions/")

    expect(page.locator(".given-list li")).to_have_count(4)
    # Of what was taken back, no picture is shown.
    expect(page.locator("[data-state=withdrawn] img")).to_have_count(0)
    expect(page.locator("[data-state=accepted] img")).to_have_count(1)
    assert look(page, axe) == []


def one_who_gave_much() -> dict[str, str]:
    """Make somebody with a contribution in every state; return a session's cookie."""
    person = UserFactory()
    for state in ("draft", "accepted", "declined", "withdrawn"):
        PhotoFactory(contribution=ContributionFactory(given_by=person, **{state: True}))
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {"name": settings.SESSION_COOKIE_NAME, "value": value}
