"""Pages of photos, asked of a real browser."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import override_settings
from PIL import Image

from motifs import drawings
from motifs.models import Motif, Photo, ProblemReport
from tests.browser.patience import too_wide
from tests.browser.test_pages_look import serious
from tests.factories import ContributionFactory, PhotoFactory, UserFactory
from tests.motifs.judging import determine

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.usefixtures("recogniser"),
]

STORY = (
    "Kain ini dipakai nenek kami pada hari pernikahannya di Martapura, dan sejak itu "
    "disimpan dalam peti kayu ulin bersama selendangnya."
)


def cloth(slug: str, *, upright: bool = False) -> bytes:
    """A rendering of cloth as a photo's file, lying or standing."""
    with Image.open(drawings.RENDERINGS / f"{slug}.webp") as image:
        picture = image.convert("RGB")
        if upright:
            picture = picture.rotate(90, expand=True).crop((0, 0, 420, 960))
        out = BytesIO()
        picture.save(out, "JPEG", quality=80)
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("photos")


@pytest.fixture(autouse=True)
def media(settings, folder, photos):
    """The photos outlive a test, and their files with them."""
    settings.MEDIA_ROOT = folder


@pytest.fixture(scope="module")
def photos(site, folder, django_db_blocker):
    """Photos of every kind that the site tells apart, there for all of these tests."""
    with (
        django_db_blocker.unblock(),
        override_settings(MEDIA_ROOT=folder),
        pytest.MonkeyPatch.context() as patch,
    ):
        given = _given()
        patch.setattr(
            "motifs.contributors.public_name",
            lambda user: (
                "Rusmini dari Martapura"
                if user and user.pk == given["giver"].pk
                else ""
            ),
        )
        yield given


def _given():
    """A confirmed photo, an upright one beside it, a suggestion, and one unknown."""
    haruan = Motif.objects.get(slug="gigi-haruan")
    giver = UserFactory(username="rusmini")
    contribution = ContributionFactory(
        accepted=True,
        given_by=giver,
        motif=haruan,
        place="Martapura",
        maker="Acil Aminah",
        made="sekitar 1998",
        technique="stitched",
        story=STORY,
        language="id",
        licence="CC-BY-SA-4.0",
    )
    lying = PhotoFactory(contribution=contribution, content=cloth("gigi-haruan"))
    Photo.objects.filter(pk=lying.pk).update(
        protocol_note="Kain ini untuk upacara; jangan dipakai sebagai hiasan lantai."
    )
    standing = PhotoFactory(
        contribution=contribution, content=cloth("gigi-haruan", upright=True)
    )
    determine(lying, haruan)
    determine(standing, haruan)
    unknown = PhotoFactory(
        contribution=ContributionFactory(accepted=True, motif=None, opinion="unsure"),
        content=cloth("hiris-pudak"),
    )
    suggested = PhotoFactory(
        contribution=ContributionFactory(accepted=True, motif=haruan),
        content=cloth("naga-balimbur"),
    )
    return {
        "lying": lying,
        "standing": standing,
        "unknown": unknown,
        "suggested": suggested,
        "giver": giver,
    }


def addresses(photos) -> list[str]:
    lying = photos["lying"].pk
    return [
        "/id/photos/",
        "/en/photos/?state=unknown&technique=printed",
        f"/id/photos/{lying}/",
        f"/en/photos/{photos['standing'].pk}/",
        f"/en/photos/{photos['unknown'].pk}/",
        "/id/motifs/gigi-haruan/",
        "/en/motifs/gigi-haruan/photos/",
        "/en/motifs/awan-beriring/photos/",
        f"/en/contributors/{photos['giver'].pk}/",
        f"/en/photos/{lying}/report/",
        "/en/photos/reported/",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_the_console_stays_silent(
    open_page, photos, axe, scheme
):
    troubles = []
    for address in addresses(photos):
        page = open_page(address, color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_load_state("networkidle")
        troubles += [
            f"{address} {text}" for text in (*serious(page, axe), *page.troubles)
        ]
        page.context.close()
    assert troubles == []


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_page_is_wider_than_its_window_and_no_photo_is_cropped(
    open_page, photos, width
):
    wrong = []
    for address in addresses(photos):
        page = open_page(address, width=width)
        # Photos below come when they are near.
        page.evaluate(
            """() => Promise.all([...document.images].map((it) => {
              it.loading = "eager";
              return it.decode().catch(() => {});
            }))"""
        )
        over = too_wide(page)
        if over > 0:
            wrong.append(f"{address} is wider by {over} px")
        bent = page.evaluate(
            """() => [...document.querySelectorAll("main img")]
              .filter(it => it.naturalWidth && it.checkVisibility())
              .filter(it => {
                const box = it.getBoundingClientRect();
                const fit = getComputedStyle(it).objectFit;
                const same = Math.abs(box.width / box.height
                  - it.naturalWidth / it.naturalHeight) < 0.03;
                return !same && fit !== "contain";
              })
              .map(it => it.src)"""
        )
        wrong += [f"{address} bends {image}" for image in bent]
        page.context.close()
    assert wrong == []


def test_the_photo_opens_in_its_largest_size_by_keyboard(open_page, photos):
    page = open_page(f"/id/photos/{photos['lying'].pk}/")

    page.locator(".photo-zoom").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{photos['lying'].display_url}")


def test_a_photo_that_is_higher_than_the_window_is_seen_whole(open_page, photos):
    page = open_page(f"/id/photos/{photos['standing'].pk}/")
    page.wait_for_load_state("networkidle")

    box = page.locator(".photo-zoom img").bounding_box()

    assert 0 < box["height"] <= 900 * 0.82 + 1


def test_what_programs_read_is_whole_and_allowed_by_the_policy(open_page, photos):
    page = open_page(f"/en/photos/{photos['lying'].pk}/")

    described = page.evaluate(
        "JSON.parse(document.querySelector('[type=\"application/ld+json\"]').textContent)"
    )

    assert described["creditText"] == "Rusmini dari Martapura"
    assert page.troubles == []


def test_a_problem_is_reported_with_the_keyboard_alone(open_page, photos):
    page = open_page(f"/en/photos/{photos['suggested'].pk}/")

    page.get_by_role("link", name="Report a problem").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/report/")
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("I made this cloth.")
    page.keyboard.press("Tab")
    page.keyboard.type("rusmini@contoh.id")
    # The next stop is the button: the trap for machines is none.
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/photos/reported/")

    report = ProblemReport.objects.get()
    assert (report.kind, report.text, report.contact) == (
        "rights",
        "I made this cloth.",
        "rusmini@contoh.id",
    )


def test_nothing_of_a_photo_is_kept_for_reading_offline(open_page, photos):
    lying = photos["lying"]
    page = open_page("/id/")
    page.evaluate("navigator.serviceWorker?.register('/sw.js')")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    for address in (
        f"/id/photos/{lying.pk}/",
        "/id/motifs/gigi-haruan/photos/",
        lying.display_url,
    ):
        page.goto(page.url.partition("/id/")[0] + address)
        page.wait_for_load_state("networkidle")
        page.go_back()

    kept = page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            found.push(...(await cache.keys()).map(it => new URL(it.url).pathname));
          }
          return found;
        }"""
    )

    assert "/id/identify/" in kept
    assert [path for path in kept if "photos/" in path] == []
