"""Which photo comes next, and the nine keys."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from motifs import expert_queue
from motifs.actions import identify_photo, skip_photo
from motifs.expert_keys import keyed_motifs
from motifs.expert_queue import hand, revealed_to, unjudged_by
from motifs.models import Identification, Motif, Photo, SkippedPhoto
from tests.factories import (
    ContributionFactory,
    ExpertFactory,
    MotifFactory,
    PhotoFactory,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 4)


def say(photo, by, motif=None, **how):
    outcome = "motif" if motif else "cannot_tell"
    return identify_photo(photo=photo, outcome=outcome, motif=motif, by=by, **how)


def unnamed(**fields):
    """A photo whose giver named no motif: only what a test says sets it apart."""
    return PhotoFactory(contribution__motif=None, **fields)


def uncertain(uncertainty):
    photo = unnamed()
    Photo.objects.filter(pk=photo.pk).update(uncertainty=uncertainty)
    return photo


@pytest.fixture
def by_worth(monkeypatch):
    monkeypatch.setattr(expert_queue, "SHARE_BY_LOT", 0)


@pytest.mark.usefixtures("by_worth")
class TestWorth:
    def order(self):
        return hand(ExpertFactory(), TODAY)

    def test_what_the_recogniser_is_unsure_of_comes_first(self):
        low, high, middle = uncertain(0.1), uncertain(0.9), uncertain(0.6)
        not_looked = unnamed()

        assert self.order() == [high.pk, middle.pk, not_looked.pk, low.pk]

    def test_disputed_before_once_judged_before_untouched(self):
        untouched, once, disputed = unnamed(), unnamed(), unnamed()
        say(once, ExpertFactory(), MotifFactory())
        for _ in range(2):
            say(disputed, ExpertFactory(), MotifFactory())

        assert self.order() == [disputed.pk, once.pk, untouched.pk]

    def test_who_cannot_tell_brings_a_photo_no_nearer(self):
        first, second = uncertain(0.4), uncertain(0.5)
        say(first, ExpertFactory())

        assert self.order() == [second.pk, first.pk]

    def test_a_motif_with_few_determined_photos_comes_first(self):
        common, rare = MotifFactory(), MotifFactory()
        for _ in range(6):
            photo = PhotoFactory(contribution__motif=common)
            for _ in range(2):
                say(photo, ExpertFactory(), common)
        of_common = PhotoFactory(contribution__motif=common)
        of_rare = PhotoFactory(contribution__motif=rare)

        assert self.order() == [of_rare.pk, of_common.pk]

    def test_determined_ones_wait_for_the_lot_unless_disputed(self):
        determined, disputed = unnamed(), unnamed()
        motif = MotifFactory()
        for photo in (determined, disputed):
            for _ in range(2):
                say(photo, ExpertFactory(), motif)
        say(disputed, ExpertFactory(), MotifFactory())

        assert self.order() == [disputed.pk]

    def test_real_cloth_before_demonstration(self):
        demonstration = PhotoFactory(
            contribution=ContributionFactory(
                accepted=True, motif=None, is_demonstration=True
            )
        )
        Photo.objects.filter(pk=demonstration.pk).update(uncertainty=1)
        real = uncertain(0)

        assert self.order() == [real.pk, demonstration.pk]

    def test_photos_of_one_cloth_follow_each_other(self):
        first = uncertain(0.9)
        other = uncertain(0.8)
        sibling = PhotoFactory(contribution=first.contribution)

        assert self.order() == [first.pk, sibling.pk, other.pk]


class TestLot:
    def test_a_fifth_comes_by_lot(self):
        mixed = expert_queue._mixed(
            range(1000), range(1000, 2000), 1000, expert_queue.Random(7)
        )

        by_lot = sum(pk >= 1000 for pk in mixed)
        assert len(set(mixed)) == 1000
        assert 160 <= by_lot <= 240
        assert [pk for pk in mixed if pk < 1000] == list(range(1000 - by_lot))

    def test_determined_photos_come_by_lot_too(self, monkeypatch):
        monkeypatch.setattr(expert_queue, "SHARE_BY_LOT", 1)
        determined, motif, person = unnamed(), MotifFactory(), ExpertFactory()
        for _ in range(2):
            say(determined, ExpertFactory(), motif)
        undecided = [unnamed() for _ in range(20)]

        # On one day of twenty-one the lot would put it last, and it is not drawn.
        week = [TODAY + timedelta(days=n) for n in range(7)]
        assert any(determined.pk in hand(person, day) for day in week)

        for photo in undecided:
            say(photo, person)
        assert hand(person, TODAY) == []

    def test_it_is_drawn_anew_per_person_and_day_and_only_then(self):
        for _ in range(12):
            unnamed()
        one, other = ExpertFactory(), ExpertFactory()

        drawn = hand(one, TODAY)

        assert hand(one, TODAY) == drawn
        assert hand(one, TODAY + timedelta(days=1)) != drawn
        assert hand(other, TODAY) != drawn
        assert sorted(hand(other, TODAY)) == sorted(drawn)

    def test_no_photo_comes_twice_and_no_more_than_asked_for(self):
        for _ in range(7):
            unnamed()

        drawn = hand(ExpertFactory(), TODAY, size=5)

        assert len(drawn) == len(set(drawn)) == 5


class TestServed:
    def test_not_what_one_has_judged_though_taken_back(self):
        person, photo = ExpertFactory(), PhotoFactory()
        made = say(photo, person, MotifFactory())
        made.photo.identifications.update(withdrawn_at=timezone.now())

        assert hand(person, TODAY) == []
        assert hand(ExpertFactory(), TODAY) == [photo.pk]

    def test_not_what_one_gave(self):
        person = ExpertFactory()
        PhotoFactory(contribution=ContributionFactory(accepted=True, given_by=person))
        nobodys = PhotoFactory(
            contribution=ContributionFactory(accepted=True, given_by=None)
        )

        assert hand(person, TODAY) == [nobodys.pk]

    def test_not_what_one_skipped_this_week(self):
        person, photo = ExpertFactory(), PhotoFactory()
        skip_photo(photo=photo, by=person)
        assert hand(person, TODAY) == []
        assert hand(ExpertFactory(), TODAY) == [photo.pk]

        SkippedPhoto.objects.update(skipped_at=timezone.now() - timedelta(days=7.1))

        assert hand(person, TODAY) == [photo.pk]

    def test_nothing_that_is_not_for_experts(self):
        hidden = MotifFactory(access="restricted")
        PhotoFactory(contribution=ContributionFactory())
        PhotoFactory(contribution=ContributionFactory(declined=True))
        PhotoFactory(contribution=ContributionFactory(withdrawn=True))
        PhotoFactory(
            contribution=ContributionFactory(accepted=True, consent_to_show=False)
        )
        PhotoFactory(access="restricted")
        PhotoFactory(contribution__motif=hidden)
        cloth = PhotoFactory()
        PhotoFactory(contribution=cloth.contribution, access="restricted")

        assert hand(ExpertFactory(), TODAY) == [cloth.pk]

    def test_five_queries_however_many_photos(self, django_assert_num_queries):
        for _ in range(6):
            PhotoFactory()
        person = ExpertFactory()

        with django_assert_num_queries(5):
            hand(person, TODAY)


class TestRevealed:
    def test_once_every_photo_of_the_cloth_was_judged(self):
        person, motif = ExpertFactory(), MotifFactory()
        first = PhotoFactory()
        second = PhotoFactory(contribution=first.contribution)
        PhotoFactory(contribution=first.contribution, access="restricted")
        PhotoFactory()
        say(first, person, motif)
        assert list(revealed_to(person)) == []

        say(second, person, motif)

        assert set(revealed_to(person)) == {first, second}
        assert not revealed_to(ExpertFactory()).exists()

    def test_not_what_may_no_longer_be_judged(self):
        person, photo = ExpertFactory(), PhotoFactory()
        say(photo, person, MotifFactory())
        Photo.objects.filter(pk=photo.pk).update(access="restricted")

        assert not revealed_to(person).exists()
        assert not unjudged_by(person).exists()


class TestKeys:
    def keys(self, person):
        motifs = Motif.objects.published().with_labels("id").in_catalogue_order()
        return [motif.slug for motif in keyed_motifs(person, list(motifs))]

    def test_whoever_is_new_has_the_catalogues_first(self):
        for number in range(11):
            MotifFactory(slug=f"m-{number:02}")

        assert self.keys(ExpertFactory()) == [f"m-{n:02}" for n in range(9)]

    def test_most_and_latest_named_first(self):
        person = ExpertFactory()
        rare, often, never = (MotifFactory(slug=s) for s in ("a", "b", "c"))
        for named_by, motif in (
            (person, rare),
            (person, often),
            (person, often),
            *((ExpertFactory(), never) for _ in range(3)),
        ):
            Identification.objects.create(
                photo=unnamed(),
                outcome="motif",
                motif=motif,
                role="expert",
                is_blind=False,
                identified_by=named_by,
                identified_at=timezone.now() - timedelta(days=1),
            )

        assert self.keys(person) == ["b", "a", "c"]

    def test_keys_keep_their_motif_through_the_day(self):
        person = ExpertFactory()
        motifs = [MotifFactory(slug=f"m-{number:02}") for number in range(12)]
        before = self.keys(person)

        for motif in (motifs[10], motifs[11], motifs[10], motifs[3]):
            say(unnamed(), person, motif)

        assert self.keys(person) == [*before[:7], "m-11", "m-10"]

    def test_what_is_no_longer_published_has_no_key(self):
        person, motif = ExpertFactory(), MotifFactory()
        say(PhotoFactory(), person, motif)
        Motif.objects.filter(pk=motif.pk).update(access="restricted")

        assert motif.slug not in self.keys(person)
