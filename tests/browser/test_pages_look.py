"""What every page owes its readers, asked of a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.patience import loaded_width, says, too_wide

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.usefixtures("recogniser"),
]

PAGES = (
    "/id/",
    "/id/motifs/",
    "/en/motifs/?q=iris+puduk",
    "/en/motifs/?q=zzzzzz",
    "/id/motifs/gigi-haruan/",
    "/en/motifs/awan-beriring/",
    "/id/identify/",
    "/id/identify/?example=bintang-bahambur",
    "/id/contributions/new/",
    "/en/contributions/new/?kind=edit&motif=gigi-haruan",
    "/en/about/",
    "/api/docs/",
    "/id/admin/login/",
)
NOT_OURS = {"/api/docs/": "#swagger-ui"}


def serious(page, axe: str, *, without: str = "") -> list[str]:
    """Say what axe finds serious on the page, each with where it is."""
    page.wait_for_load_state()
    page.evaluate(axe)
    found = page.evaluate(
        """without => axe.run(
            without ? {exclude: [[without]]} : document,
            {resultTypes: ["violations"]},
        )""",
        without,
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_the_console_stays_silent(open_page, axe, scheme):
    troubles = []
    for address in PAGES:
        # Reduced motion: axe must not judge colours half-way through a fade.
        page = open_page(address, color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_load_state("networkidle")

        found = serious(page, axe, without=NOT_OURS.get(address, ""))

        troubles += [f"{address} {text}" for text in (*found, *page.troubles)]
        page.context.close()
    assert troubles == []


def test_an_error_page_is_as_usable_as_the_others(open_page, axe):
    page = open_page("/id/motifs/tidak-ada/", reduced_motion="reduce")

    expect(page.locator("h1")).to_have_count(1)
    assert serious(page, axe) == []
    # There is no such page in the other language either: the switch leads home.
    switch = page.get_by_role("link", name="English")
    expect(switch).to_have_attribute("href", "/en/")


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_page_is_wider_than_its_window(open_page, width):
    wide = []
    for address in PAGES:
        if address in NOT_OURS:
            continue
        page = open_page(address, width=width)
        over = too_wide(page)
        if over > 0:
            wide.append(f"{address} by {over} px")
        page.context.close()
    assert wide == []


def test_every_control_is_large_enough_for_a_finger(open_page):
    small = []
    for address in (
        "/id/",
        "/id/motifs/",
        "/id/motifs/gigi-haruan/",
        "/id/identify/",
        "/id/contributions/new/",
    ):
        page = open_page(address, width=360)
        # A link within a sentence is excused (WCAG 2.5.8), what cannot be seen too.
        small += page.evaluate(
            """() => [...document.querySelectorAll("a, button, select, input, summary")]
              .filter(it => it.checkVisibility({opacityProperty: true})
                && !it.closest("p, figcaption, .sources, .visually-hidden, .skip")
                && !it.matches("input[type=file], .skip"))
              .map(it => [it.getBoundingClientRect(), it.outerHTML.slice(0, 90)])
              .filter(([box]) => box.width > 0 && (box.width < 24 || box.height < 24))
              .map(([box, html]) => `${box.width}x${box.height} ${html}`)"""
        )
        page.context.close()
    assert small == []


def test_the_language_switch_keeps_the_page_and_its_search(open_page, site):
    page = open_page("/id/motifs/?q=ombak&family=lajur")

    page.get_by_role("link", name="English").click()

    expect(page).to_have_url(f"{site.url}/en/motifs/?q=ombak&family=lajur")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(site.url + "/")
    expect(page).to_have_url(f"{site.url}/en/")


def test_the_theme_is_remembered_and_there_from_the_first_paint(open_page):
    page = open_page("/id/", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)

    page.locator(".theme-switch").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate(ground)
    page.goto(page.url.replace("/id/", "/id/about/"))

    assert dark != light
    assert page.evaluate(ground) == dark
    # The server wrote it, so no script has to repaint the page.
    assert page.request.get(page.url).text().count('data-theme="dark"') == 1

    page.locator(".theme-switch").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    page.reload()
    assert page.evaluate(ground) == light


def test_typing_searches_without_the_search_button(open_page):
    page = open_page("/en/motifs/")

    page.locator("#q").press_sequentially("iris puduk")
    page.wait_for_url("**q=iris**puduk**")
    page.wait_for_function("document.querySelectorAll('.card').length < 5")

    first = page.locator(".card").first
    expect(first.locator(".card-name")).to_have_text("Hiris Pudak")
    says(first, "Iris Puduk")
    expect(page.locator("[role=status]")).to_have_text(re.compile(r"^\s*1 motif"))

    page.go_back()
    page.wait_for_function("document.querySelectorAll('.card').length === 12")
    expect(page.locator("header.site-head, .site-head")).to_have_count(1)


def test_a_drawing_becomes_cloth_on_hover_and_on_focus_without_motion(open_page):
    page = open_page("/id/motifs/", reduced_motion="reduce")
    card = page.locator(".card", has_text="Gigi Haruan").first
    cloth = card.locator(".cloth").first
    expect(cloth).not_to_have_css("--dip", "100%")

    card.hover()
    expect(cloth).to_have_css("--dip", "100%")
    expect(card.locator(".cloth-kind")).to_be_visible()

    page.mouse.move(0, 0)
    card.get_by_role("link").focus()
    expect(cloth).to_have_css("--dip", "100%")


def test_the_motif_page_shows_drawing_or_cloth_as_asked(open_page):
    page = open_page("/id/motifs/gigi-haruan/", reduced_motion="reduce")
    picture = page.locator(".motif-top .cloth-rendering")
    as_drawing = picture.evaluate("it => getComputedStyle(it).maskPosition")

    page.locator("input[value=cloth]").check()

    expect(picture).not_to_have_css("mask-position", as_drawing)
    assert loaded_width(picture) > 0


def test_a_printed_motif_has_its_drawing_and_sources_and_no_controls(open_page):
    page = open_page("/id/motifs/gigi-haruan/", width=794)

    page.emulate_media(media="print")

    for needless in (".site-nav", ".site-tools", ".switcher", ".site-foot"):
        expect(page.locator(needless)).to_be_hidden()
    expect(page.locator(".motif-top .cloth-drawing")).to_be_visible()
    expect(page.locator(".sources")).to_be_visible()


def test_no_picture_is_cropped_or_stretched(open_page):
    page = open_page("/id/motifs/gigi-haruan/")
    page.wait_for_load_state("networkidle")

    bent = page.evaluate(
        """() => [...document.querySelectorAll("main img")]
          .filter(it => it.naturalWidth)
          .filter(it => Math.abs(it.clientWidth / it.clientHeight
                                 - it.naturalWidth / it.naturalHeight) > 0.02)
          .map(it => it.src)"""
    )

    assert bent == []


def test_every_number_beside_a_claim_leads_to_its_source(open_page):
    page = open_page("/id/motifs/hiris-pudak/")

    numbers = page.locator(".cite")

    assert numbers.count() > 5
    for number in numbers.all():
        target = page.locator(number.get_attribute("href"))
        expect(target).to_have_count(1)
        said = number.inner_text().split()[-1]
        expect(target.locator(".number").first).to_have_text(said)


def test_a_motif_without_a_recorded_meaning_says_so(open_page):
    page = open_page("/en/motifs/awan-beriring/")

    expect(page.get_by_text("Its meaning is not recorded yet")).to_be_visible()


def test_pages_read_without_javascript(open_page):
    page = open_page("/en/motifs/", java_script_enabled=False)

    page.locator("#q").fill("leaf")
    page.locator("#family").select_option("ceplok")
    page.locator("form .button").click()

    expect(page).to_have_url(re.compile("(?=.*q=leaf)(?=.*family=ceplok)"))
    assert 0 < page.locator(".card").count() < 12
