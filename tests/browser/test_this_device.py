"""By choice a photo is looked at on the reader's device and nowhere else."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from classifier import predictor, prototypes, track_record
from motifs.models import Motif
from tests.browser.patience import painted, says, says_not
from tests.browser.test_after import asked
from tests.browser.test_identify_page import ADDRESS, ANSWER, give
from tests.browser.test_live_camera import (
    RENDERINGS,
    installed,
    kept,
    requests_to_the_site,
)
from tests.browser.test_parity import side_by_side

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

RENDERING = {
    "name": "kain.webp",
    "mimeType": "image/webp",
    "buffer": (RENDERINGS / "hiris-pudak.webp").read_bytes(),
}


@pytest.fixture(autouse=True)
def the_real_model():
    predictor.forget()
    yield
    predictor.forget()


def rendering(slug: str) -> dict:
    content = (RENDERINGS / f"{slug}.webp").read_bytes()
    return {"name": f"{slug}.webp", "mimeType": "image/webp", "buffer": content}


def choose_this_device(page) -> None:
    page.wait_for_selector("#where:not([hidden])")
    page.get_by_role("radio", name="Only this device").check()


def test_no_photo_leaves_the_page_and_the_answer_is_whole(open_page):
    page = open_page(ADDRESS)
    choose_this_device(page)
    sent = asked(page)

    give(page, RENDERING)
    page.wait_for_selector(ANSWER)

    assert sent == []
    answer = page.locator(ANSWER)
    says(answer, "Hiris Pudak")
    says(answer, "This device")
    says(answer, "was not sent")
    expect(answer.locator(".score-row")).to_have_count(4)
    expect(answer.locator(".score-unknown")).to_have_count(1)
    assert answer.locator(".answer-either svg, .answer-motif svg").count() >= 1
    expect(page.locator(".overlay .heat")).to_have_count(1)
    assert page.troubles == []


def test_an_answer_says_what_is_on_record_and_what_only_the_server_knows(
    open_page, monkeypatch
):
    counts = {("hiris-pudak", band): (17, 20) for band in range(4)}
    monkeypatch.setattr(track_record, "_fresh", lambda *_: counts)
    monkeypatch.setattr(
        prototypes,
        "recognised",
        lambda: [SimpleNamespace(slug="baru", preferred_name="Baru")],
    )
    page = open_page(ADDRESS)
    choose_this_device(page)

    give(page, RENDERING)
    page.wait_for_selector(ANSWER)

    answer = page.locator(ANSWER)
    expect(answer.locator(".answer-record")).to_have_text(
        "Experts agreed 17 of 20 times when it said Hiris Pudak first with a score "
        "like this (95% interval: 64 to 95 of 100)."
    )
    says(answer, "only the server recognises these so far: Baru.")
    assert page.troubles == []


@pytest.fixture
def squares(monkeypatch, site, django_db_blocker):
    """Photos of black and white squares, known by three of them as another motif."""

    def photo(side: int, turn: int) -> Image.Image:
        at = np.indices((320, 320)) // side
        board = Image.fromarray(np.uint8(255 * (at.sum(axis=0) % 2))).convert("RGB")
        return board.rotate(turn)

    champion = predictor.champion()
    with django_db_blocker.unblock():
        slug = (
            Motif.objects.published()
            .exclude(slug__in=champion.manifest.labels)
            .values_list("slug", flat=True)[0]
        )
    vectors = np.stack(
        [
            champion.embed(photo(*how), closely=True)
            for how in ((32, 0), (40, 2), (44, 0))
        ]
    )
    members = tuple((slug, pk) for pk in range(3))
    monkeypatch.setattr(prototypes, "_members", lambda model: members)
    monkeypatch.setattr(prototypes, "_vectors", lambda *_: {slug: vectors})
    prototypes.forget()
    yield photo
    prototypes.forget()


def test_a_motif_of_three_photos_is_recognised_as_the_server_does(open_page, squares):
    out = BytesIO()
    squares(38, 4).save(out, "PNG")
    file = {"name": "x.png", "mimeType": "image/png", "buffer": out.getvalue()}

    def answered(page):
        give(page, file)
        page.wait_for_selector(ANSWER)
        rows = page.locator(f"{ANSWER} .score-row:not(.score-unknown)")
        return [
            (
                row.locator(".score-name").inner_text(),
                float(row.locator(".score-value").inner_text()),
                row.locator(".score-note").all_inner_texts(),
            )
            for row in rows.all()
        ]

    server = answered(open_page(ADDRESS))
    page = open_page(ADDRESS)
    choose_this_device(page)
    here = answered(page)

    assert server[0][2] == here[0][2] == ["provisional, recognised from 3 photos"]
    for (name, score, _), (name_here, score_here, _) in zip(server, here, strict=True):
        assert name == name_here
        assert score_here == pytest.approx(score, abs=0.02)
    says_not(page.locator(ANSWER), "only the server")
    assert page.troubles == []


def test_nothing_is_asked_of_the_site_once_the_recogniser_is_here(open_page):
    page = open_page(ADDRESS)
    choose_this_device(page)
    give(page, RENDERING)
    page.wait_for_selector(ANSWER)
    kept(page)
    installed(page)
    page.get_by_role("button", name="Another cloth").click()

    with requests_to_the_site() as arrived:
        give(page, rendering("bayam-raja"))
        page.wait_for_selector(ANSWER)

    says(page.locator(ANSWER), "Bayam Raja")
    assert arrived == []


def test_the_colours_are_those_of_the_cloth_and_as_the_server_names_them(open_page):
    page = open_page(ADDRESS)
    give(page, RENDERING)
    page.wait_for_selector(ANSWER)
    server = page.locator(f"{ANSWER} .dyes li").all_inner_texts()
    page.get_by_role("button", name="Another cloth").click()
    choose_this_device(page)

    give(page, RENDERING)
    page.wait_for_selector(ANSWER)

    here = page.locator(f"{ANSWER} .dyes li").all_inner_texts()
    assert here
    assert [text.split()[0] for text in here] == [text.split()[0] for text in server]


def test_a_slow_answer_does_not_replace_that_to_a_later_photo(open_page):
    page = open_page(ADDRESS)
    page.add_init_script(
        """window.held = [];
        const Plain = window.Worker;
        window.Worker = class extends Plain {
          addEventListener(kind, heard) {
            super.addEventListener(kind, (event) => {
              const isAnswer = Boolean(event.data?.ok?.scores);
              if (isAnswer && !window.isFirstHeld) {
                window.isFirstHeld = true;
                window.held.push(() => heard(event));
              } else heard(event);
            });
          }
        };"""
    )
    page.reload()
    choose_this_device(page)

    give(page, rendering("hiris-pudak"))
    page.wait_for_function("() => window.held.length === 1")
    give(page, rendering("bayam-raja"))
    page.wait_for_selector(ANSWER)
    page.evaluate("() => window.held[0]()")
    painted(page)

    expect(page.locator(ANSWER)).to_have_count(1)
    first = page.locator(f"{ANSWER} .score-name").first.inner_text()
    assert first == "Bayam Raja"


def test_a_photo_that_cannot_be_read_stops_nothing(open_page):
    page = open_page(ADDRESS)
    choose_this_device(page)
    sent = asked(page)

    give(page, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    page.wait_for_selector(f"{ANSWER}[data-kind=error]")
    give(page, RENDERING)
    page.wait_for_selector(f"{ANSWER}:not([data-kind=error])")

    says(page.locator(ANSWER), "Hiris Pudak")
    assert sent == []


def test_more_than_one_motif_is_said(open_page):
    slugs = ("gigi-haruan", "naga-balimbur")
    picture = side_by_side(
        *(Image.open(RENDERINGS / f"{slug}.webp").convert("RGB") for slug in slugs)
    )
    file = BytesIO()
    picture.save(file, "PNG")
    page = open_page(ADDRESS)
    choose_this_device(page)

    give(page, {"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.wait_for_selector(ANSWER)

    says(page.locator(ANSWER), "more than one motif")
    give(page, RENDERING)
    page.locator(ANSWER, has_text="Hiris Pudak").wait_for()
    says_not(page.locator(ANSWER), "more than one motif")


def test_the_device_says_what_the_server_says(open_page):
    page = open_page(ADDRESS)
    give(page, RENDERING)
    page.wait_for_selector(ANSWER)
    server = page.locator(f"{ANSWER} .answer-title").inner_text()
    message = page.locator(f"{ANSWER} .answer-message").first.inner_text()
    scores = page.locator(f"{ANSWER} .score-value").all_inner_texts()
    motifs = page.locator(f"{ANSWER} .answer-either .card-name").all_inner_texts()
    by = page.locator(f"{ANSWER} .answer-facts code").get_attribute("title")
    page.get_by_role("button", name="Another cloth").click()
    choose_this_device(page)

    give(page, RENDERING)
    page.wait_for_selector(ANSWER)

    expect(page.locator(f"{ANSWER} .answer-title")).to_have_text(server)
    expect(page.locator(f"{ANSWER} .answer-message").first).to_have_text(message)
    expect(page.locator(f"{ANSWER} .answer-either .card-name")).to_have_text(motifs)
    said = page.locator(f"{ANSWER} .score-value").all_inner_texts()
    for one, other in zip(said, scores, strict=True):
        assert float(one) == pytest.approx(float(other), abs=0.011)
    expect(page.locator(f"{ANSWER} .answer-facts code")).to_have_attribute("title", by)


def test_scores_are_written_as_the_language_does(open_page):
    page = open_page("/id/identify/")
    page.wait_for_selector("#where:not([hidden])")
    page.locator("#where [value=device]").check()

    give(page, RENDERING)
    page.wait_for_selector(ANSWER)

    values = page.locator(f"{ANSWER} .score-value").all_inner_texts()
    assert all("," in value and "." not in value for value in values)


def test_the_choice_is_heeded_from_the_first_moment_of_the_next_visit(open_page):
    page = open_page(ADDRESS)
    choose_this_device(page)
    sent = asked(page)

    page.reload(wait_until="domcontentloaded")
    give(page, RENDERING)
    page.wait_for_selector(ANSWER)

    assert sent == []
    says(page.locator(ANSWER), "This device")


def test_a_device_that_cannot_says_so_and_sends_nothing_unasked(open_page):
    page = open_page(ADDRESS)
    choose_this_device(page)
    page.route("**/files/models/**", lambda route: route.abort())
    page.evaluate("caches.delete('langgundi-recogniser')")
    sent = asked(page)

    give(page, RENDERING)
    page.wait_for_selector(ANSWER)
    says(page.locator(ANSWER), "was not sent")
    assert sent == []

    page.get_by_role("button", name="Let the server look at it").click()
    page.wait_for_selector(f"{ANSWER}:not([data-kind=error])")
    assert len(sent) == 1
    says(page.locator(ANSWER), "The server")


def test_an_example_is_answered_on_the_device_too(open_page):
    page = open_page(ADDRESS)
    choose_this_device(page)

    page.locator("[data-example*=bayam-raja]").click()
    page.wait_for_selector(ANSWER)

    says(page.locator(ANSWER), "Bayam Raja")
    says(page.locator(ANSWER), "This device")
