"""A curator at the desk, asked of a real browser: keys, touch, and none of the two."""

from __future__ import annotations

import random

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from motifs.actions import (
    accept_contribution,
    decline_contribution,
    edit_contribution,
    flag_photo,
    recording,
    submit_contribution,
)
from motifs.models import Contribution, HistoryEntry, Identification, Photo
from tests.browser.conftest import session_of
from tests.browser.patience import too_wide
from tests.browser.test_pages_look import serious
from tests.factories import (
    CitationFactory,
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    LookAlikeFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAITING = 40


@pytest.fixture
def site(own_site):
    """The server of ``open_page``: one whose rows the test makes itself."""
    return own_site


@pytest.fixture
def curator(transactional_db):
    return CuratorFactory(first_name="Galuh", last_name="Rahmah")


@pytest.fixture
def signed_in(site, curator):
    """What a browser of this curator has: the cookie of a session."""
    return {"storage_state": session_of(curator), "reduced_motion": "reduce"}


def cloth(seed: int, size=(640, 480)) -> bytes:
    """A picture that is like no other: rows of pale dots on a dyed ground."""
    from io import BytesIO

    dice = random.Random(seed)
    ground = tuple(dice.randrange(20, 140) for _ in range(3))
    image = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(image)
    step = dice.randrange(24, 60)
    for y in range(step, size[1], step):
        for x in range(step, size[0], step):
            r = dice.randrange(3, step // 3)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=(240, 232, 215))
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


@pytest.fixture
def waiting(site):
    """Forty contributions that wait, some with flags, copies, two photos, no motif."""
    names = ("Hiris Pudak", "Gigi Haruan", "Bayam Raja", "Ombak Sinapur Karang")
    motifs = [
        MotifFactory(slug=name.lower().replace(" ", "-"), name=name) for name in names
    ]
    for motif in motifs:
        ClaimFactory(motif=motif, text=f"{motif.preferred_name} menggambarkan sesuatu.")
    LookAlikeFactory(first=motifs[0], second=motifs[1])
    made = []
    for n in range(WAITING):
        contribution = ContributionFactory(
            motif=motifs[n % 4] if n % 5 else None,
            place="Martapura",
            maker="Hj. Rusmini" if n % 3 else "",
            story="Kain ini dari nenek saya, dipakai waktu kawin."
            if n % 4 == 1
            else "",
            language="id" if n % 2 else "en",
            people="none",
        )
        for k in range(1 + (n % 3 == 0)):
            PhotoFactory(
                contribution=contribution,
                content=cloth(10 * n + k, (640, 480) if n % 2 else (480, 720)),
                position=k + 1,
            )
        made.append(contribution)
    photos = [c.photos.first() for c in made]
    flag_photo(photo=photos[3], kind="near_copy", other=photos[4], measure=3)
    flag_photo(photo=photos[3], kind="blurred", measure=12.5)
    flag_photo(photo=photos[6], kind="too_dark", measure=31)
    flag_photo(photo=photos[9], kind="not_cloth", measure=0.9)
    return made


def leave(page, act):
    """Do what leads to another page, and wait until that is there."""
    with page.expect_navigation(wait_until="load"):
        act()


def press(page, key):
    """Press a key that leads to another page, and wait until its script listens."""
    leave(page, lambda: page.keyboard.press(key))


def test_a_curator_clears_forty_contributions_without_the_mouse(
    open_page, signed_in, waiting, curator
):
    page = open_page(reverse("admin:motifs_contribution_start"), **signed_in)
    page.wait_for_load_state()
    for n in range(WAITING):
        match n % 8:
            case 1:
                page.keyboard.press("d")
                press(page, "1")
            case 3:
                page.keyboard.press("d")
                page.keyboard.press("0")
                page.keyboard.type("Mohon foto seluruh kain, a d 1 2 3.")
                page.keyboard.press("Tab")
                press(page, "Enter")
            case 5:
                press(page, "n")
                page.keyboard.press("d")
                press(page, "5")
            case _:
                press(page, "g")
                if page.locator('[data-key="c"]').is_enabled():
                    press(page, "c")
                press(page, "a")

    assert Contribution.objects.waiting().count() == 0
    assert Contribution.objects.accepted().filter(accepted_by=curator).count() == 25
    declined = Contribution.objects.filter(state="declined", declined_by=curator)
    assert declined.count() == 15
    assert declined.filter(decline_reason_code="blurred").count() == 5
    assert (
        declined.filter(decline_note="Mohon foto seluruh kain, a d 1 2 3.").count() == 5
    )
    decisions = HistoryEntry.objects.filter(
        by=curator, verb__in=("accepted", "declined")
    )
    assert decisions.count() == WAITING
    assert decisions.values("contribution").distinct().count() == WAITING
    assert Photo.objects.filter(is_good=True).count() == 25
    assert page.troubles == []


def test_every_verb_has_its_key(open_page, signed_in, waiting, curator):
    contribution = waiting[1]
    photo = contribution.photos.get()
    address = reverse("admin:motifs_contribution_desk", args=[contribution.pk])
    page = open_page(address, **signed_in)

    def stands():
        return Identification.objects.standing().filter(photo=photo).get()

    for key, outcome in [
        ("c", "motif"),
        ("w", "other_motif"),
        ("p", "printed"),
        ("n", "not_cloth"),
    ]:
        press(page, key)
        assert stands().outcome == outcome

    def name(typed, meant):
        """Choose by name: Enter takes the first of what is proposed, however late."""
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator(":focus")).to_have_value(meant)

    page.keyboard.press("m")
    name("iris puda", "Hiris Pudak")
    press(page, "Enter")
    assert stands().motif.slug == "hiris-pudak"

    page.keyboard.press("t")
    name("gigi haruan", "Gigi Haruan")
    page.keyboard.press("Tab")
    name("bayam raja", "Bayam Raja")
    press(page, "Enter")
    assert stands().outcome == "two_motifs"
    assert {stands().motif.slug, stands().second_motif.slug} == {
        "gigi-haruan",
        "bayam-raja",
    }

    press(page, "u")
    assert stands().motif.slug == "hiris-pudak"
    assert page.troubles == []


def test_undo_brings_a_decision_back(open_page, signed_in, waiting):
    page = open_page(reverse("admin:motifs_contribution_start"), **signed_in)
    first = page.url

    press(page, "a")
    expect(page).not_to_have_url(first)
    press(page, "u")

    expect(page).to_have_url(first)
    assert Contribution.objects.waiting().count() == WAITING
    expect(page.locator(".state-submitted")).to_have_count(1)


def test_what_its_giver_changes_meanwhile_is_looked_at_before_it_is_accepted(
    open_page, signed_in, waiting
):
    contribution = waiting[1]
    address = reverse("admin:motifs_contribution_desk", args=[contribution.pk])
    page = open_page(address, **signed_in)
    edit_contribution(
        contribution=contribution,
        by=contribution.given_by,
        changes={"story": "Ternyata dari pasar."},
    )

    press(page, "a")
    expect(page.locator(".changed")).to_contain_text("Ternyata dari pasar.")
    assert Contribution.objects.waiting().count() == WAITING
    press(page, "a")

    contribution.refresh_from_db()
    assert contribution.state == "accepted"


def test_what_was_accepted_is_taken_down_and_gone(
    open_page, signed_in, waiting, curator
):
    contribution = waiting[1]
    accept_contribution(contribution=contribution, by=curator)
    address = reverse("admin:motifs_contribution_desk", args=[contribution.pk])
    page = open_page(address, width=360, **signed_in)

    panel = page.locator(".later .panel").last
    panel.locator("summary").click()
    leave(page, panel.locator("[value=claimed]").click)

    contribution.refresh_from_db()
    assert contribution.state == "withdrawn"
    expect(page.locator(".later")).to_have_count(0)
    assert too_wide(page) <= 0


def test_through_the_queue_and_the_photos_by_keys(open_page, signed_in, waiting):
    page = open_page(reverse("admin:motifs_contribution_start"), **signed_in)
    first = page.url

    press(page, "j")
    second = page.url
    press(page, "k")

    assert second != first
    expect(page).to_have_url(first)
    # The first in the queue is the one the checks noted most of; it has two photos.
    large = page.locator("#large").get_attribute("src")
    press(page, "ArrowRight")
    expect(page.locator("#large")).not_to_have_attribute("src", large)
    press(page, "ArrowLeft")
    expect(page.locator("#large")).to_have_attribute("src", large)


def test_the_photo_can_be_looked_into(open_page, signed_in, waiting):
    page = open_page(reverse("admin:motifs_contribution_start"), **signed_in)
    stage = page.locator("#stage")
    place = "it => it.style.transform"

    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(stage).to_have_attribute("data-zoom", "1.96")
    before = page.locator("#large").evaluate(place)
    page.keyboard.press("Shift+ArrowLeft")
    moved = page.locator("#large").evaluate(place)
    page.keyboard.press("0")

    assert moved != before
    expect(stage).to_have_attribute("data-zoom", "1.00")
    stage.hover()
    page.mouse.wheel(0, -300)
    page.wait_for_function(
        "() => Number(document.getElementById('stage').dataset.zoom) > 1"
    )


def test_two_fingers_zoom(open_page, signed_in, waiting):
    page = open_page(
        reverse("admin:motifs_contribution_start"),
        width=390,
        has_touch=True,
        **signed_in,
    )
    box = page.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)

    for kind, apart in [("touchStart", 20), ("touchMove", 40), ("touchMove", 90)]:
        points = [{"x": x - apart, "y": y}, {"x": x + apart, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    page.wait_for_function(
        "Number(document.getElementById('stage').dataset.zoom) > 1.5"
    )


def test_keys_can_be_turned_off(open_page, signed_in, waiting):
    page = open_page(reverse("admin:motifs_contribution_start"), **signed_in)
    page.keyboard.press("?")
    page.locator("#keys-on").uncheck()
    page.locator("h1").first.click()

    page.keyboard.press("a")
    page.reload()
    page.keyboard.press("a")
    page.locator("details:has(#keys-on) > summary").click()
    page.locator("#keys-on").check()
    page.locator("h1").first.click()
    # A key that was obeyed makes the page deaf: this one is the first that is.
    press(page, "j")

    assert Contribution.objects.waiting().count() == WAITING


def test_the_desk_works_without_javascript(open_page, signed_in, waiting):
    page = open_page(
        reverse("admin:motifs_contribution_start"),
        java_script_enabled=False,
        **signed_in,
    )

    page.locator("summary", has_text="Motif lain").or_(
        page.locator("summary", has_text="Other motif")
    ).click()
    page.locator("#other-motif").fill("gigi")
    # What was typed is part of a name: the page asks which one is meant.
    leave(page, page.locator(".panel[open] form > button").click)
    page.locator(".panel[open] input[type=radio]").first.check()
    leave(page, page.locator(".panel[open] form > button").click)
    leave(page, page.locator(".accept").click)

    assert Identification.objects.get().motif.slug == "gigi-haruan"
    assert Contribution.objects.accepted().count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_anybodys_way(
    open_page, axe, signed_in, waiting, curator, scheme
):
    edit = ContributionFactory(
        kind="edit",
        motif=waiting[1].motif,
        suggested_text="Gigi Haruan menggambarkan gigi ikan gabus.",
        suggested_source="Buku A, hlm. 3",
    )
    claim = waiting[1].motif.claims.get()
    with recording(by=CuratorFactory(), why="Ejaan."):
        claim.text = "Gigi Haruan menggambarkan gigi ikan haruan."
        claim.save()
    accept_contribution(contribution=waiting[2], by=curator)
    decline_contribution(contribution=waiting[4], by=curator, code="light")
    submit_contribution(contribution=waiting[4], by=waiting[4].given_by)
    desk = "admin:motifs_contribution_desk"
    troubles = []
    for address in (
        reverse("admin:motifs_contribution_changelist"),
        reverse("admin:motifs_contribution_start"),
        reverse(desk, args=[edit.pk]),
        reverse(desk, args=[waiting[2].pk]),
        f"{reverse(desk, args=[waiting[4].pk])}?revision=0",
        f"{reverse('admin:motifs_contribution_accept')}?ids={waiting[0].pk}",
        reverse("admin:motifs_contribution_change", args=[waiting[0].pk]),
        reverse("admin:motifs_contribution_history", args=[waiting[0].pk]),
        f"{reverse('admin:motifs_contribution_decline')}?ids={waiting[0].pk}",
        reverse("admin:motifs_photo_changelist"),
        reverse("admin:motifs_photo_change", args=[waiting[3].photos.first().pk]),
        reverse("admin:motifs_motif_change", args=[waiting[1].motif.pk]),
        reverse("admin:motifs_motif_access", args=[waiting[1].motif.pk]),
        f"{reverse('admin:motifs_motif_merge', args=[waiting[1].motif.pk])}"
        "?into=bayam-raja",
        reverse("admin:motifs_motif_history", args=[waiting[1].motif.pk]),
        reverse("admin:motifs_claim_change", args=[claim.pk]),
        reverse("admin:motifs_claim_delete", args=[claim.pk]),
        reverse("admin:motifs_historyentry_changelist"),
    ):
        page = open_page(address, color_scheme=scheme, **signed_in)
        page.wait_for_load_state("networkidle")
        # Before axe: to read a style sheet's imports it makes inline styles itself.
        said = list(page.troubles)
        found = serious(page, axe)
        troubles += [f"{address} {text}" for text in (*found, *said)]
        page.context.close()
    assert troubles == []


@pytest.mark.parametrize("width", [360, 1024, 1440])
def test_no_page_is_wider_than_its_window_and_buttons_fit_a_finger(
    open_page, signed_in, waiting, width
):
    troubles = []
    for address in (
        reverse("admin:motifs_contribution_start"),
        reverse("admin:motifs_contribution_changelist"),
    ):
        page = open_page(address, width=width, **signed_in)
        over = too_wide(page)
        if over > 0:
            troubles.append(f"{address} is wider by {over} px")
        troubles += page.evaluate(
            """() => [...document.querySelectorAll(".desk-button")]
              .filter(it => it.checkVisibility())
              .map(it => [it.getBoundingClientRect(), it.outerHTML.slice(0, 80)])
              .filter(([box]) => box.width < 44 || box.height < 44)
              .map(([box, html]) => `${box.width}x${box.height} ${html}`)"""
        )
        page.context.close()
    assert troubles == []


def test_a_suggestion_is_taken_over_with_one_key(open_page, signed_in, site):
    claim = CitationFactory(claim__text="Gigi ikan haruan.").claim
    edit = ContributionFactory(
        kind="edit",
        motif=claim.motif,
        claim_key=claim.key,
        language="id",
        suggested_text="Gigi ikan gabus.",
    )
    page = open_page(
        reverse("admin:motifs_contribution_desk", args=[edit.pk]),
        width=360,
        **signed_in,
    )

    assert too_wide(page) <= 0
    press(page, "a")

    claim.refresh_from_db()
    assert claim.text == "Gigi ikan gabus."
    assert Contribution.objects.accepted().get() == edit


def test_only_curators_sit_here(open_page, site):
    stranger = UserFactory(is_staff=True)
    client = Client()
    client.force_login(stranger)

    assert client.get(reverse("admin:motifs_contribution_start")).status_code == 403
