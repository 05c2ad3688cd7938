"""One person's way through every page of their account, in a real browser."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core import mail
from playwright.sync_api import expect

from heritage.models import User
from motifs.permissions import CURATOR_GROUP
from tests.browser.patience import loaded_width, says, too_wide
from tests.browser.test_pages_look import serious
from tests.one_time import totp

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("recogniser"),
]

PASSWORD = "kain-biru-di-jemuran"
WIDTHS = (360, 768, 1440)


@pytest.fixture
def look(axe):
    """Return a function that says what is wrong with the page that is open."""

    def look(page) -> None:
        wrong = [*serious(page, axe), *page.troubles]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            over = too_wide(page)
            wrong += [f"wider than {width} by {over} px"] if over > 0 else []
        assert [f"{page.url}: {text}" for text in wrong] == []

    return look


def code_in_mail() -> str:
    return re.search(r"^ {4}(\S+)$", mail.outbox[-1].body, re.M)[1]


def press(page, name: str) -> None:
    """Press the one button of the page's main part that is so named, and arrive."""
    with page.expect_navigation():
        page.locator("main").get_by_role("button", name=name, exact=True).click()


def go(page, site, address: str) -> None:
    page.goto(f"{site.url}/{address}")


def say_who(page, look, button: str) -> None:
    """Give the password once more where the site asks for it."""
    page.wait_for_load_state()
    if "/reauthenticate/" in page.url:
        look(page)
        page.locator("[name=password]").fill(PASSWORD)
        press(page, button)
        page.wait_for_url(lambda url: "/reauthenticate/" not in url)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_signing_up_to_closing(open_page, site, look, settings, language, scheme):
    settings.ACCOUNT_RATE_LIMITS = False
    settings.CURATOR_SECOND_FACTOR = True
    address = f"{language}-{scheme}@example.org"
    said = WORDS[language]
    at = f"{language}/account"
    page = open_page(f"/{at}/signup/", color_scheme=scheme, reduced_motion="reduce")
    look(page)
    page.locator("[name=email]").fill(address)
    page.locator("[name=password1]").fill("123")
    press(page, said["sign up"])
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    look(page)
    page.locator("[name=password1]").fill(PASSWORD)
    press(page, said["sign up"])

    page.wait_for_url("**/confirm-email/")
    look(page)
    page.locator("[name=code]").fill(code_in_mail())
    press(page, said["confirm"])
    page.wait_for_url("**/account/")
    look(page)

    page.locator("[name=public_name]").fill("Galuh  Banjar")
    press(page, said["save"])
    expect(page.locator("[name=public_name]")).to_have_value("Galuh Banjar")
    page.locator(".account-menu summary").click()
    look(page)

    for path in ("password/change/", "close/", "email/"):
        go(page, site, f"{at}/{path}")
        say_who(page, look, said["go on"])
        look(page)
    page.locator("[name=email]").fill(f"new-{address}")
    press(page, said["send"])
    page.wait_for_url("**/confirm-email/")
    look(page)
    go(page, site, f"{at}/email/")
    look(page)

    User.objects.get(email=address).groups.add(Group.objects.get(name=CURATOR_GROUP))
    EmailAddress.objects.filter(email=f"new-{address}").delete()
    go(page, site, f"{language}/admin/")
    page.wait_for_url("**/second-factor/totp/activate/")
    look(page)
    secret = page.locator(".account-key").inner_text()
    assert loaded_width(page.locator(".account-qr img")) > 100
    page.locator("[name=code]").fill("000000")
    press(page, said["on"])
    look(page)
    page.locator("[name=code]").fill(totp(secret))
    press(page, said["on"])
    page.wait_for_url("**/recovery-codes/")
    codes = page.locator(".account-codes li").all_inner_texts()
    assert len(codes) == 10
    look(page)
    for path in ("", "totp/deactivate/", "recovery-codes/generate/"):
        go(page, site, f"{at}/second-factor/{path}")
        look(page)
    go(page, site, f"{language}/admin/")
    expect(page.locator("#site-name")).to_be_visible()

    go(page, site, f"{at}/logout/")
    look(page)
    press(page, said["sign out"])
    go(page, site, f"{at}/login/?next=/{language}/admin/")
    look(page)
    page.locator("[name=login]").fill(address)
    page.locator("[name=password]").fill("wrong")
    press(page, said["sign in"])
    expect(page.locator("[role=alert]")).to_be_visible()
    look(page)
    page.locator("[name=login]").fill(address)
    page.locator("[name=password]").fill(PASSWORD)
    press(page, said["sign in"])
    page.wait_for_url("**/second-factor/authenticate/")
    look(page)
    page.locator("[name=code]").fill(codes[0])
    press(page, said["sign in"])
    page.wait_for_url("**/admin/")

    # The role is handed back first: the site keeps at least one curator's history.
    User.objects.get(email=address).groups.clear()
    go(page, site, f"{at}/second-factor/reauthenticate/")
    look(page)
    go(page, site, f"{at}/close/")
    say_who(page, look, said["go on"])
    page.locator("[name=contributions][value=keep]").check()
    press(page, said["close"])
    page.wait_for_url("**/closed/")
    look(page)

    go(page, site, f"{at}/password/reset/")
    look(page)
    page.locator("[name=email]").fill(address)
    press(page, said["send"])
    page.wait_for_url("**/password/reset/confirm/")
    look(page)


def test_a_forgotten_password_is_set_anew(open_page, site, look, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    user = User.objects.create_user("lupa", "lupa@example.org", "lama-sekali-1")
    EmailAddress.objects.create(
        user=user, email=user.email, verified=True, primary=True
    )
    page = open_page("/en/account/password/reset/", reduced_motion="reduce")
    page.locator("[name=email]").fill(user.email)
    press(page, "Send a code")
    page.locator("[name=code]").fill(code_in_mail())
    press(page, "Confirm")
    page.wait_for_url("**/complete/")
    look(page)
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    press(page, "Set a new password")
    page.wait_for_url("**/done/")
    look(page)

    page.locator("main").get_by_role("link", name="Sign in").click()
    page.locator("[name=login]").fill("lupa")
    page.locator("[name=password]").fill(PASSWORD)
    press(page, "Sign in")
    page.wait_for_url("**/account/")
    go(page, site, "en/account/reauthenticate/")
    look(page)


def test_the_account_is_used_without_javascript_and_by_keys(open_page, site):
    page = open_page("/id/", java_script_enabled=False)

    page.locator(".sign-in").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/login/")

    expect(page.locator("[name=login]")).to_be_visible()


def test_an_address_that_asks_too_often_is_told_so(open_page, look, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    page = open_page("/en/account/login/", reduced_motion="reduce")
    for _ in range(2):
        page.locator("[name=login]").fill("lupa")
        page.locator("[name=password]").fill("wrong")
        press(page, "Sign in")

    says(page.locator("h1"), "Too many tries")
    page.troubles = [text for text in page.troubles if "429" not in text]
    look(page)


WORDS = {
    "en": {
        "sign up": "Sign up",
        "go on": "Go on",
        "confirm": "Confirm",
        "save": "Save",
        "send": "Send a code",
        "on": "Switch it on",
        "sign out": "Sign out",
        "sign in": "Sign in",
        "close": "Close this account",
    },
    "id": {
        "sign up": "Daftar",
        "go on": "Lanjutkan",
        "confirm": "Konfirmasi",
        "save": "Simpan",
        "send": "Kirim kode",
        "on": "Pasang",
        "sign out": "Keluar",
        "sign in": "Masuk",
        "close": "Tutup akun ini",
    },
}
