"""What follows from a person's groups."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.contrib.auth.models import Group

from classifier.groups import MODEL_KEEPER_GROUP
from heritage.models import User
from motifs.permissions import CONTRIBUTOR_GROUP, CURATOR_GROUP, EXPERT_GROUP
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def group(name: str) -> Group:
    return Group.objects.get(name=name)


def enters(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_staff


@pytest.mark.parametrize(
    ("name", "may"),
    [
        (CONTRIBUTOR_GROUP, False),
        (EXPERT_GROUP, False),
        (CURATOR_GROUP, True),
        (MODEL_KEEPER_GROUP, True),
    ],
)
def test_curators_and_model_keepers_enter_the_admin(name, may):
    user = UserFactory()

    user.groups.add(group(name))

    assert enters(user) is may
    # What is saved later from the same object must not undo it.
    user.save()
    assert enters(user) is may


@pytest.mark.parametrize(
    "leave",
    [
        lambda user, its: user.groups.remove(its),
        lambda user, its: user.groups.clear(),
        lambda user, its: user.groups.set([]),
        lambda user, its: its.user_set.remove(user),
        lambda user, its: its.user_set.clear(),
        lambda user, its: its.user_set.set([]),
        lambda user, its: its.delete(),
    ],
)
def test_whoever_leaves_the_group_no_longer_enters(leave):
    user, its = UserFactory(), group(CURATOR_GROUP)
    its.user_set.add(user)
    assert enters(user)

    leave(user, its)

    assert not enters(user)


def test_one_group_is_enough_and_superusers_need_none():
    both = UserFactory()
    both.groups.add(group(CURATOR_GROUP), group(MODEL_KEEPER_GROUP))
    root = UserFactory(is_staff=True, is_superuser=True)
    root.groups.add(group(CURATOR_GROUP))

    both.groups.remove(group(CURATOR_GROUP))
    root.groups.clear()

    assert enters(both)
    assert enters(root)


def test_a_verified_address_makes_a_contributor():
    user = UserFactory()
    address = EmailAddress.objects.create(user=user, email="a@example.org")
    assert not user.groups.exists()

    for _ in range(2):
        email_confirmed.send(EmailAddress, request=None, email_address=address)

    assert [g.name for g in user.groups.all()] == [CONTRIBUTOR_GROUP]


def test_model_keepers_have_the_recognisers_rights_and_delete_nothing():
    rights = group(MODEL_KEEPER_GROUP).permissions.all()
    names = set(rights.values_list("codename", flat=True))

    others = rights.exclude(content_type__app_label="classifier")
    assert [right.codename for right in others] == ["view_agreement"]
    assert "view_report" in names
    assert not [name for name in names if name.startswith("delete_")]
    assert not {name for name in names if "sharedanswer" in name or "job" in name}
