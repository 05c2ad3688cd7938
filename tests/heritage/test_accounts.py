"""Signing up, in and out; what protects accounts; closing them."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from heritage.models import User
from motifs.actions import identify_photo
from motifs.models import Contribution, ProblemReport
from motifs.permissions import CONTRIBUTOR_GROUP
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ADDRESS = "galuh@example.org"
PASSWORD = "kain-biru-di-jemuran"


def page(name: str, language: str = "id") -> str:
    with override(language):
        return reverse(name)


def sign_up(client: Client, email: str = ADDRESS, language: str = "id", **more):
    data = {"email": email, "username": "", "password1": PASSWORD, **more}
    return client.post(page("account_signup", language), data)


def code_in_mail() -> str:
    return re.search(r"^ {4}(\S+)$", mail.outbox[-1].body, re.M)[1]


def sign_in(client: Client, login: str, password: str = PASSWORD, **more):
    data = {"login": login, "password": password, **more}
    return client.post(page("account_login"), data)


@pytest.fixture
def person() -> User:
    user = User.objects.create_user("galuh", ADDRESS, PASSWORD)
    EmailAddress.objects.create(user=user, email=ADDRESS, verified=True, primary=True)
    return user


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestSigningUp:
    def test_nobody_is_somebody_before_the_address_is_verified(self, client):
        response = sign_up(client)

        user = User.objects.get(email=ADDRESS)
        assert response["Location"] == page("account_email_verification_sent")
        assert not is_in(client)
        assert not user.groups.exists()
        assert client.get(page("account")).status_code == 302
        # Nor does the password help.
        elsewhere = Client()
        sign_in(elsewhere, ADDRESS)
        assert not is_in(elsewhere)

    def test_the_code_from_the_mail_verifies_and_makes_a_contributor(self, client):
        sign_up(client)

        response = client.post(
            page("account_email_verification_sent"), {"code": code_in_mail()}
        )

        user = User.objects.get(email=ADDRESS)
        assert response["Location"] == page("account")
        assert client.session["_auth_user_id"] == str(user.pk)
        assert [group.name for group in user.groups.all()] == [CONTRIBUTOR_GROUP]

    def test_a_wrong_code_verifies_nothing_and_three_end_it(self, client):
        sign_up(client)
        answers = [
            client.post(page("account_email_verification_sent"), {"code": "WRONG"})
            for _ in range(3)
        ]

        assert [answer.status_code for answer in answers] == [200, 200, 302]
        assert not EmailAddress.objects.filter(verified=True).exists()

    def test_a_name_that_was_not_chosen_tells_nothing_of_the_address(self, client):
        sign_up(client)

        name = User.objects.get(email=ADDRESS).username
        assert re.fullmatch(r"orang-[a-z0-9]{8}", name)

    def test_a_name_may_be_chosen_but_not_somebodys_address(self, client):
        refused = sign_up(client, username="other@example.org")
        sign_up(client, username="galuh")

        assert refused.status_code == 200
        assert "username" in refused.context["form"].errors
        assert User.objects.get(email=ADDRESS).username == "galuh"

    @pytest.mark.parametrize(
        ("language", "word"), [("id", "adalah kode Anda"), ("en", "is your code")]
    )
    def test_mails_speak_the_persons_language(self, client, language, word):
        sign_up(client, language=language)

        assert User.objects.get(email=ADDRESS).mail_language == language
        assert word in mail.outbox[-1].subject
        mail.outbox.clear()
        other = "en" if language == "id" else "id"
        EmailAddress.objects.update(verified=True)
        Client().post(page("account_reset_password", other), {"email": ADDRESS})
        assert word in mail.outbox[-1].subject
        assert mail.outbox[-1].alternatives == []


class TestNobodyLearnsWhoHasAnAccount:
    def test_signing_up_answers_the_same_for_a_known_address(self, person):
        known, unknown = Client(), Client()

        first = sign_up(known, ADDRESS)
        second = sign_up(unknown, "other@example.org")

        assert (first.status_code, first["Location"]) == (
            second.status_code,
            second["Location"],
        )
        waits = page("account_email_verification_sent")
        assert seen(known.get(waits), ADDRESS) == seen(
            unknown.get(waits), "other@example.org"
        )
        assert [message.to for message in mail.outbox] == [
            [ADDRESS],
            ["other@example.org"],
        ]
        assert User.objects.filter(email=ADDRESS).count() == 1

    def test_a_forgotten_password_answers_the_same_for_an_unknown_address(self, person):
        known, unknown = Client(), Client()
        forgot = page("account_reset_password")

        first = known.post(forgot, {"email": ADDRESS})
        second = unknown.post(forgot, {"email": "other@example.org"})

        assert (first.status_code, first["Location"]) == (
            second.status_code,
            second["Location"],
        )
        assert seen(known.get(first["Location"]), ADDRESS) == seen(
            unknown.get(second["Location"]), "other@example.org"
        )

    def test_a_wrong_password_answers_the_same_as_an_unknown_name(self, person):
        first = sign_in(Client(), ADDRESS, "wrong-one")
        second = sign_in(Client(), "other@example.org", "wrong-one")

        assert seen(first, ADDRESS) == seen(second, "other@example.org")


def seen(response, address: str) -> str:
    """What a page shows, without what differs from one request to the next."""
    html = response.content.decode().replace(address, "ADDRESS")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)


class TestSigningIn:
    @pytest.mark.parametrize("login", ["galuh", ADDRESS])
    def test_by_name_or_address(self, client, person, login):
        response = sign_in(client, login)

        assert response["Location"] == page("account")
        assert is_in(client)

    def test_who_has_no_address_was_made_on_the_command_line(self, client):
        User.objects.create_user("kurator", password=PASSWORD)

        assert sign_in(client, "kurator")["Location"] == page("account")
        assert is_in(client)

    def test_too_many_wrong_passwords_stop_even_the_right_one(self, client, person):
        for _ in range(5):
            sign_in(client, ADDRESS, "wrong-one")

        sign_in(client, ADDRESS)

        assert not is_in(client)

    def test_an_address_of_the_network_has_its_limit_too(self, client, settings):
        settings.ACCOUNT_RATE_LIMITS = {"login": "3/m/ip"}

        answers = [sign_in(client, f"nobody-{n}", "x").status_code for n in range(4)]

        assert answers == [200, 200, 200, 429]

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "javascript:alert(1)",
            "http:evil.example",
        ],
    )
    def test_no_sign_in_leads_to_another_site(self, client, person, target):
        response = sign_in(client, ADDRESS, next=target)

        assert is_in(client)
        assert response["Location"] == page("account")
        assert client.post(page("account_logout"), {"next": target})["Location"] == (
            page("home")
        )

    def test_it_leads_to_where_one_wanted_to_go(self, client, person):
        response = sign_in(client, ADDRESS, next="/en/motifs/")

        assert response["Location"] == "/en/motifs/"

    def test_signing_out_needs_a_click(self, client, person):
        client.force_login(person)

        client.get(page("account_logout"))
        assert is_in(client)
        client.post(page("account_logout"))
        assert not is_in(client)

    @pytest.mark.parametrize("secure", [False, True])
    def test_the_sessions_cookie_is_out_of_reach_of_scripts(
        self, client, person, settings, secure
    ):
        settings.SESSION_COOKIE_SECURE = secure

        sign_in(client, ADDRESS)

        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Lax"
        assert bool(cookie["secure"]) is secure
        # Unless one asks to stay, the session ends with the browser.
        assert cookie["max-age"] == ""

    def test_the_session_gets_a_new_key(self, client, person):
        client.get(page("account_login"))
        session = client.session
        session["planted"] = True
        session.save()
        planted = session.session_key
        client.cookies["sessionid"] = planted

        sign_in(client, ADDRESS)

        assert client.session.session_key != planted


class TestChanging:
    def test_a_new_address_counts_once_its_code_is_entered(self, client, person):
        client.force_login(person)
        sign_in_again(client)

        client.post(page("account_email"), {"action_add": "", "email": "new@b.org"})
        assert User.objects.get(pk=person.pk).email == ADDRESS
        code = next(m for m in mail.outbox if m.to == ["new@b.org"])
        assert code.to == ["new@b.org"]
        client.post(page("account_email_verification_sent"), {"code": code_in_mail()})

        person.refresh_from_db()
        assert person.email == "new@b.org"
        assert list(EmailAddress.objects.values_list("email", "verified")) == [
            ("new@b.org", True)
        ]

    def test_a_changed_password_is_told_by_mail(self, client, person):
        client.force_login(person)

        client.post(
            page("account_change_password"),
            {
                "oldpassword": PASSWORD,
                "password1": "kain-merah-di-pagar",
                "password2": "kain-merah-di-pagar",
            },
        )

        person.refresh_from_db()
        assert person.check_password("kain-merah-di-pagar")
        assert mail.outbox[-1].to == [ADDRESS]

    def test_the_name_shown_is_one_line_and_no_address(self, client, person):
        client.force_login(person)

        refused = client.post(
            page("account"), {"public_name": "a@b.org", "mail_language": "en"}
        )
        client.post(
            page("account"), {"public_name": " Galuh \n Banjar ", "mail_language": "en"}
        )

        person.refresh_from_db()
        assert refused.status_code == 422
        assert (person.public_name, person.mail_language) == ("Galuh Banjar", "en")

    @pytest.mark.parametrize("path", ["account_close", "mfa_activate_totp"])
    def test_what_changes_an_account_asks_for_the_password_again(
        self, client, person, path
    ):
        client.force_login(person)

        response = client.get(page(path))

        assert response["Location"].startswith(page("account_reauthenticate"))


def sign_in_again(client: Client) -> None:
    client.post(page("account_reauthenticate"), {"password": PASSWORD})


class TestClosing:
    def close(self, client, user, choice):
        client.force_login(user)
        sign_in_again(client)
        return client.post(page("account_close"), {"contributions": choice})

    @pytest.fixture
    def giver(self, person):
        person.public_name = "Galuh"
        person.save()
        Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
        given = ContributionFactory(given_by=person, accepted=True, credit_line="Galuh")
        PhotoFactory(contribution=given)
        ContributionFactory(given_by=person, draft=True)
        ContributionFactory(accepted=True, credit_line="Somebody else")
        ProblemReport.objects.create(
            kind="other",
            motif=MotifFactory(),
            text="x",
            contact=ADDRESS,
            reported_by=person,
        )
        Authenticator.objects.all().delete()
        return person

    @pytest.mark.parametrize(
        ("choice", "state"), [("keep", "accepted"), ("withdraw", "withdrawn")]
    )
    def test_contributions_stay_or_go_as_chosen(self, client, giver, choice, state):
        response = self.close(client, giver, choice)

        assert response["Location"] == page("account_closed")
        first, draft = Contribution.objects.filter(given_by=giver).order_by("pk")
        assert (first.state, draft.state) == (state, "withdrawn")
        other = Contribution.objects.exclude(given_by=giver).get()
        assert (other.state, other.credit_line) == ("accepted", "Somebody else")

    def test_nothing_of_the_person_is_left(self, client, giver):
        elsewhere = Client()
        elsewhere.force_login(giver)

        self.close(client, giver, "keep")

        giver.refresh_from_db()
        assert not is_in(client)
        assert elsewhere.get(page("account")).status_code == 302
        assert not giver.is_active
        assert not giver.has_usable_password()
        assert (giver.email, giver.public_name, giver.first_name) == ("", "", "")
        assert "galuh" not in giver.username
        assert giver.closed_at is not None
        assert not giver.groups.exists()
        assert not EmailAddress.objects.filter(user=giver).exists()
        assert Contribution.objects.filter(credit_line="Galuh").count() == 0
        report = ProblemReport.objects.get()
        assert (report.reported_by, report.contact) == (None, "")
        assert not sign_in(Client(), "galuh").has_header("Location")

    def test_what_was_identified_stays(self, client, person):
        curator = CuratorFactory()
        curator.set_password(PASSWORD)
        curator.save()
        made = identify_photo(
            photo=PhotoFactory(), outcome="motif", motif=MotifFactory(), by=curator
        )

        self.close(client, curator, "withdraw")

        made.refresh_from_db()
        assert made.withdrawn_at is None
        assert made.identified_by == curator

    def test_the_last_administrator_stays(self, client):
        root = User.objects.create_superuser("akar", "", PASSWORD)

        refused = self.close(client, root, "keep")
        assert refused.status_code == 422

        UserFactory(is_superuser=True, is_active=False)
        assert self.close(client, root, "keep").status_code == 422
        UserFactory(is_superuser=True)
        assert self.close(client, root, "keep").status_code == 302

    def test_without_a_choice_nothing_happens(self, client, person):
        assert self.close(client, person, "").status_code == 422

        person.refresh_from_db()
        assert person.is_active
        assert person.date_joined > LONG_AGO
