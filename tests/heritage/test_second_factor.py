"""Curators reach nothing without a second factor, where the rule is on."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from classifier.groups import MODEL_KEEPER_GROUP
from heritage import second_factor
from heritage.models import User
from tests.factories import CuratorFactory, UserFactory
from tests.heritage.test_accounts import PASSWORD, is_in, sign_in
from tests.one_time import totp
from tests.permissions import TABLE, address, ask, make_world, rows

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def required(settings):
    settings.CURATOR_SECOND_FACTOR = True
    return settings


def model_keeper() -> User:
    user = UserFactory()
    user.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    return user


def page(name: str) -> str:
    with override("id"):
        return reverse(name)


def with_factor(user: User) -> User:
    Authenticator.objects.create(user=user, type="totp", data={"secret": SECRET})
    return user


NEEDED = {
    "curator": CuratorFactory,
    "model keeper": model_keeper,
    "superuser": lambda: UserFactory(is_staff=True, is_superuser=True),
}


@pytest.mark.parametrize("role", NEEDED)
def test_roles_with_power_set_it_up_first(client, required, role):
    client.force_login(NEEDED[role]())

    for path in ("/id/", page("admin:index")):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (
            302,
            page("mfa_activate_totp"),
        )
    for path in ("/api/v1/motifs/", "/files/photos/1/480"):
        response = client.get(path)
        assert (response.status_code, response.json()["code"]) == (403, "second_factor")
    told = client.get("/id/motifs/", headers={"hx-request": "true"})
    assert told["HX-Redirect"] == page("mfa_activate_totp")


@pytest.mark.parametrize("role", NEEDED)
def test_with_one_they_pass(client, required, role):
    client.force_login(with_factor(NEEDED[role]()))

    assert client.get(page("admin:index")).status_code == 200
    assert client.get("/api/v1/motifs/").status_code == 200


def test_others_need_none_and_nobody_does_where_the_rule_is_off(client, settings):
    settings.CURATOR_SECOND_FACTOR = False
    client.force_login(CuratorFactory())
    assert client.get(page("admin:index")).status_code == 200

    settings.CURATOR_SECOND_FACTOR = True
    client.force_login(UserFactory())
    assert client.get("/id/").status_code == 200
    assert Client().get("/id/").status_code == 200


def test_recovery_codes_alone_are_no_second_factor(required):
    user = CuratorFactory()
    Authenticator.objects.create(user=user, type="recovery_codes", data={})

    assert second_factor.is_missing(user)


def test_no_row_of_the_permission_matrix_is_open_without_it(required, tmp_path):
    required.ACCOUNT_RATE_LIMITS = False
    required.RUNTIME_FOLDER = tmp_path
    world = make_world()
    client, passed, closed = Client(), [], 0
    client.force_login(world["people"]["superuser"])
    for row in rows(TABLE.read_text(encoding="utf-8")):
        if row.name in second_factor.OPEN or row.name.startswith(
            second_factor.OPEN_PREFIXES
        ):
            continue
        cache.clear()
        path = address(row, world)[0]
        expected = "403" if path.startswith(("/api/", "/files/")) else "302"
        if (answer := ask(row, "superuser", world, client)) != expected:
            passed.append(f"{row}: {answer}")
        closed += 1

    assert passed == []
    assert closed > 50


def test_the_password_alone_does_not_sign_in_who_has_one(client):
    user = with_factor(User.objects.create_user("kurator", password=PASSWORD))

    first = sign_in(client, "kurator")
    assert first["Location"] == page("mfa_authenticate")
    assert not is_in(client)
    assert client.get(page("account")).status_code == 302

    client.post(page("mfa_authenticate"), {"code": "000000"})
    assert not is_in(client)
    client.post(page("mfa_authenticate"), {"code": totp(SECRET)})
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_code_counts_once(client):
    with_factor(User.objects.create_user("kurator", password=PASSWORD))
    code = totp(SECRET)
    sign_in(client, "kurator")
    client.post(page("mfa_authenticate"), {"code": code})
    assert is_in(client)

    second = Client()
    sign_in(second, "kurator")
    second.post(page("mfa_authenticate"), {"code": code})

    assert not is_in(second)


@pytest.mark.parametrize("is_required", [False, True])
def test_whoever_needs_it_cannot_switch_it_off(client, settings, is_required):
    settings.CURATOR_SECOND_FACTOR = is_required
    user = with_factor(CuratorFactory())
    user.set_password(PASSWORD)
    user.save()
    client.force_login(user)
    client.post(page("account_reauthenticate"), {"password": PASSWORD})

    client.post(page("mfa_deactivate_totp"))

    assert Authenticator.objects.filter(user=user).exists() is is_required


def test_the_admins_own_sign_in_lets_nobody_in(client):
    User.objects.create_superuser("akar", "", PASSWORD)
    curator = CuratorFactory()
    client.force_login(curator)

    client.post(page("admin:login"), {"username": "akar", "password": PASSWORD})

    assert client.session["_auth_user_id"] == str(curator.pk)
    stranger = Client()
    stranger.post(page("admin:login"), {"username": "akar", "password": PASSWORD})
    assert not is_in(stranger)


def test_a_superuser_removes_a_lost_one(client):
    root, user = UserFactory(is_staff=True, is_superuser=True), CuratorFactory()
    with_factor(user)
    client.force_login(root)

    client.post(
        page("admin:heritage_user_changelist"),
        {"action": "remove_second_factor", "_selected_action": user.pk},
    )

    assert not Authenticator.objects.filter(user=user).exists()


def test_its_own_code_is_what_an_app_shows():
    # RFC 6238, appendix B, for SHA-1: the last six of its eight digits.
    assert totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at=59) == "287082"
