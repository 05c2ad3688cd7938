"""Flags that name another photo: whose it is may take it back at any moment."""

import pytest

from motifs.actions import flag_photo, remove_photo, withdraw_contribution
from motifs.models import Contribution, Flag
from tests.at_once import at_once
from tests.factories import ContributionFactory, PhotoFactory

pytestmark = pytest.mark.django_db


def given():
    return PhotoFactory(contribution=ContributionFactory())


def withdraw(photo):
    contribution = Contribution.objects.get(pk=photo.contribution_id)
    withdraw_contribution(contribution=contribution, by=contribution.given_by)


def attention(photo):
    return Contribution.objects.get(pk=photo.contribution_id).attention


def test_no_photo_is_called_a_copy_of_what_was_withdrawn_while_it_was_checked():
    older, newer = given(), given()
    withdraw(older)

    flag_photo(photo=newer, kind=Flag.Kind.EXACT_COPY, other=older)

    assert not Flag.objects.exists()
    assert attention(newer) == 0


def test_a_photo_that_is_removed_asks_for_nobodys_attention_elsewhere():
    older, newer = given(), given()
    PhotoFactory(contribution=older.contribution)
    flag_photo(photo=newer, kind=Flag.Kind.EXACT_COPY, other=older)
    assert attention(newer) > 0

    remove_photo(photo=older, by=older.contribution.given_by)

    assert attention(newer) == 0


@pytest.mark.django_db(transaction=True)
def test_what_names_each_other_is_taken_back_at_once():
    for _round in range(5):
        one, other = given(), given()
        flag_photo(photo=one, kind=Flag.Kind.NEAR_COPY, other=other)
        flag_photo(photo=other, kind=Flag.Kind.NEAR_COPY, other=one)

        raised = at_once(lambda p=one: withdraw(p), lambda p=other: withdraw(p))

        assert raised == [None, None]
        assert not Flag.objects.exists()
