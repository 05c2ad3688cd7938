"""Ten photos by keys alone: commit, reveal, undo, change of mind; touch; no scripts."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from PIL import Image
from playwright.sync_api import expect

from classifier.models import ModelVersion, Prediction
from motifs.actions import (
    comment_on_photo,
    identify_photo,
    withdraw_identification,
)
from motifs.models import Identification, Motif
from tests.browser.patience import says, too_wide
from tests.browser.test_pages_look import serious
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    ExpertFactory,
    PhotoFactory,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.usefixtures("recogniser", "media"),
]

RENDERINGS = Path(__file__).parents[2] / "motifs" / "data" / "renderings"
CLOTHS = 9
PHOTOS = 10
"""One of the cloths has two."""


@pytest.fixture(scope="module")
def world(site, django_db_blocker, tmp_path_factory):
    """Cloths that one expert has judged and the recogniser has looked at.

    Committed before any test's own transaction, for the site to see; the site's
    fixture empties the database after the module.
    """
    media = tmp_path_factory.mktemp("cloths")
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(django_settings, "MEDIA_ROOT", media)
        earlier = ExpertFactory(first_name="Rusmini")
        version = ModelVersion.objects.create(
            version="v-1", sha256="1" * 64, labels=["a"], embedding_size=4
        )
        drawn = sorted(path.stem for path in RENDERINGS.glob("*.webp"))
        motifs = Motif.objects.in_bulk(drawn, field_name="slug")
        other = motifs["naga-balimbur"]
        for number, slug in enumerate(drawn[:CLOTHS]):
            given = ContributionFactory(accepted=True, motif=other)
            for share in (1.0, 0.7)[: 2 if number == 0 else 1]:
                photo = PhotoFactory(contribution=given, content=cloth(slug, share))
                said = motifs[slug] if number % 2 else other
                identify_photo(
                    photo=photo,
                    outcome="motif",
                    motif=said,
                    by=earlier,
                    remarks="Tepinya bergigi.",
                    is_blind=True,
                )
                Prediction.objects.create(
                    photo=photo,
                    model_version=version,
                    kind="motif",
                    reason="recognised",
                    motifs=[slug],
                    scores={slug: 0.71, other.slug: 0.2, "other-cloth": 0.09},
                    top_motif=slug,
                    top_score=0.71,
                    unknown_score=0.09,
                )
        comment_on_photo(photo=photo, by=CuratorFactory(), text="Lihat tepinya.")
        people = [ExpertFactory() for _ in range(6)]
        curator = CuratorFactory()
    return {"media": media, "people": iter(people), "curator": curator}


def cloth(slug: str, share: float) -> bytes:
    out = BytesIO()
    with Image.open(RENDERINGS / f"{slug}.webp") as image:
        width, height = image.size
        box = (0, 0, round(width * share), round(height * share))
        image.convert("RGB").crop(box).save(out, "JPEG", quality=80)
    return out.getvalue()


@pytest.fixture
def media(world, settings):
    settings.MEDIA_ROOT = world["media"]


@pytest.fixture
def signed_in(world, open_page):
    """Open a page as somebody who has judged nothing yet, or as the curator.

    What they said is taken back after the test: a photo that two agree on is
    determined, and would not surely come to the next test's expert.
    """
    opened = []

    def open_(address="/en/expert/", *, person=None, **how):
        person = person or next(world["people"])
        client = Client()
        # The session must be there for the site: written outside this test's
        # transaction, by a thread that has a connection of its own.
        in_a_thread(lambda: client.force_login(person))
        cookie = {
            "name": "sessionid",
            "value": client.cookies["sessionid"].value,
            "domain": "localhost",
            "path": "/",
        }
        state = {"cookies": [cookie], "origins": []}
        page = open_page(address, storage_state=state, **how)
        page.person = person
        opened.append(page)
        return page

    yield open_
    for page in opened:
        page.close()
        in_a_thread(lambda person=page.person: take_back(person))


def take_back(person) -> None:
    for said in Identification.objects.standing().filter(identified_by=person):
        withdraw_identification(identification=said, by=person)


def in_a_thread(act):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    def run():
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def state(page) -> str:
    return page.locator("[data-expert]").get_attribute("data-state")


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def navigates(page, *keys: str) -> None:
    with page.expect_navigation():
        press(page, *keys)


def said_by(person):
    return list(Identification.objects.filter(identified_by=person).order_by("pk"))


def test_ten_photos_by_keys_alone(signed_in):
    page = signed_in()
    seen = []

    while state(page) != "done":
        if state(page) == "blind":
            seen.append(page.url)
            html = page.content()
            assert "Rusmini" not in html
            assert "Tepinya" not in html
            expect(page.locator("[data-fragment]")).to_have_count(0)
            answer = len(seen) % 5
            if answer == 0:
                # A name in another spelling than the catalogue's.
                press(page, "/")
                page.keyboard.type("iris puduk")
                press(page, "Enter")
                page.wait_for_selector("[data-chosen]:has-text('Hiris Pudak')")
                navigates(page, "1")
            elif answer == 1:
                navigates(page, "t", "3", "4", "2")
            elif answer == 2:
                navigates(page, "c", "Enter")
            elif answer == 3:
                navigates(page, "p", "2", "3")
            else:
                navigates(page, "5", "Enter")
        else:
            page.wait_for_selector(".guess")
            navigates(page, "Enter")

    assert len(set(seen)) == PHOTOS
    said = said_by(page.person)
    assert len(said) == PHOTOS
    assert all(one.is_blind for one in said)
    pair, nothing, printed, usual, searched = said[:5]
    assert pair.outcome == "two_motifs"
    assert (nothing.outcome, nothing.motif) == ("cannot_tell", None)
    assert (printed.outcome, printed.certainty) == ("printed", "possible")
    assert printed.motif is not None
    assert (usual.outcome, usual.certainty) == ("motif", "probable")
    assert (searched.motif.slug, searched.certainty) == ("hiris-pudak", "certain")
    assert page.troubles == []


def to_a_cloth_of_one_photo(page) -> None:
    while page.locator(".filmstrip").count():
        navigates(page, "s")


def test_reveal_undo_and_change_of_mind(signed_in):
    page = signed_in()
    to_a_cloth_of_one_photo(page)
    navigates(page, "1", "1")

    page.wait_for_selector(".guess")
    for shown in ("Rusmini", "Tepinya bergigi.", "Naga Balimbur"):
        says(page.locator(".reveal"), shown)
    says(page.locator("[data-fragment]"), "v-1")

    press(page, "e")
    expect(page.locator("[data-change]")).to_have_attribute("open", "")
    navigates(page, "2", "3")
    first, second = said_by(page.person)
    assert (first.is_blind, second.is_blind) == (True, False)
    assert first.withdrawn_at is not None
    assert second.certainty == "possible"

    navigates(page, "u")
    says(page.locator(".expert-panel"), "You took back")
    says(page.locator(".notice").first, "Taken back")
    navigates(page, "3", "Enter")
    assert len(said_by(page.person)) == 3
    assert page.troubles == []


def test_a_slip_is_corrected_before_it_is_said(signed_in):
    page = signed_in()
    press(page, "1", "Escape", "n")
    expect(page.locator("[data-chosen]")).to_have_text("Not a cloth")
    expect(page.locator(".keyed [aria-pressed=true]")).to_have_count(1)

    press(page, "r")
    page.keyboard.type("c1 t")
    expect(page.locator("[data-chosen]")).to_have_text("Not a cloth")
    press(page, "Escape")
    navigates(page, "2")

    (made,) = said_by(page.person)
    assert (made.outcome, made.remarks) == ("not_cloth", "c1 t")


def test_the_keys_can_be_turned_off(signed_in):
    page = signed_in()
    page.locator("[data-keys-switch]").click()

    press(page, "Escape", "1", "1")
    says(page.locator("[data-chosen]"), "Choose an answer")
    page.reload()
    press(page, "1")

    says(page.locator("[data-chosen]"), "Choose an answer")
    assert said_by(page.person) == []


def test_without_scripts_the_form_does(signed_in):
    page = signed_in(java_script_enabled=False, width=360)

    page.get_by_label("One motif").check()
    page.locator("#motif").select_option("gigi-haruan")
    with page.expect_navigation():
        page.get_by_role("button", name="Certain").click()

    (made,) = said_by(page.person)
    assert (made.motif.slug, made.certainty) == ("gigi-haruan", "certain")
    assert made.is_blind


def test_by_touch_on_a_phone_and_nothing_serious(signed_in, axe, world):
    page = signed_in(width=360, has_touch=True, is_mobile=True, reduced_motion="reduce")

    def is_fine():
        over = too_wide(page)
        assert over <= 0
        assert serious(page, axe) == []

    while page.locator(".filmstrip").count():
        with page.expect_navigation():
            page.get_by_role("button", name="Skip").tap()
    is_fine()
    page.locator("[data-zoom]").tap()
    width = "document.querySelector('.stage-view img').clientWidth"
    page.wait_for_function(f"{width} > 600")
    is_fine()
    chosen = page.locator("[data-motif]").nth(3)
    chosen.tap()
    expect(chosen).to_have_attribute("aria-pressed", "true")
    is_fine()
    with page.expect_navigation():
        page.get_by_role("button", name="Certain").tap()
    page.wait_for_selector(".guess")
    is_fine()
    page.locator(".change summary").tap()
    expect(page.locator("[data-change]")).to_have_attribute("open", "")
    is_fine()
    for address in ("disputes/", "rule/"):
        page.goto(re.sub(r"\d+/$", address, page.url))
        is_fine()
        page.go_back()
    assert page.troubles == []
    page = signed_in("/id/expert/agreement/", person=world["curator"], width=360)
    page.wait_for_selector("[data-fragment]:not(:has(a))")
    is_fine()
    page.goto(page.url.replace("agreement", "disputes"))
    is_fine()
    assert page.troubles == []
