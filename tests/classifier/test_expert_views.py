"""The guess is shown to those who have judged, and to nobody else."""

import doctest
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from classifier import anchoring as anchoring_module
from classifier import uncertainty as uncertainty_module
from classifier.anchoring import Anchoring, anchoring
from classifier.checking import check_photo
from classifier.models import ModelVersion, Prediction
from classifier.uncertainty import uncertainty
from motifs.actions import identify_photo, withdraw_identification
from tests.classifier.pictures import cloth, encoded
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    ExpertFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def guessed(photo, motif, *more, kind="motif", made_at=None):
    version, _is_new = ModelVersion.objects.get_or_create(
        version="v-1",
        defaults={"sha256": "0" * 64, "labels": [motif.slug], "embedding_size": 4},
    )
    slugs = [motif.slug, *(other.slug for other in more)]
    return Prediction.objects.create(
        photo=photo,
        model_version=version,
        kind=kind,
        reason="recognised",
        motifs=slugs if kind != "unknown" else [],
        scores={motif.slug: 0.8, "other-cloth": 0.2},
        top_motif=motif.slug,
        top_score=0.8,
        unknown_score=0.2,
        made_at=made_at or timezone.now(),
    )


def say(photo, by, motif, **how):
    return identify_photo(
        photo=photo, outcome="motif", motif=motif, by=by, **{"is_blind": True} | how
    )


class TestGuess:
    def ask(self, client, photo, person=None):
        if person:
            client.force_login(person)
        return client.get(reverse("classifier:guess", args=[photo.pk]) + "?part=1")

    def test_nobody_who_has_not_committed_is_told(self, client):
        photo, motif = PhotoFactory(), MotifFactory(slug="naga")
        guessed(photo, motif)

        assert self.ask(client, photo).status_code == 302
        for person in (UserFactory(), ExpertFactory(), CuratorFactory()):
            response = self.ask(client, photo, person)
            assert response.status_code == 403
            assert "Naga" not in response.content.decode()

    def test_who_has_committed_sees_it(self, client):
        photo, motif, person = (
            PhotoFactory(),
            MotifFactory(slug="naga"),
            ExpertFactory(),
        )
        guessed(photo, motif)
        say(photo, person, MotifFactory())

        response = self.ask(client, photo, person)

        html = response.content.decode()
        assert response.status_code == 200
        assert "Naga" in html
        assert "v-1" in html
        assert "<html" not in html
        assert "no-store" in response["Cache-Control"]
        page = client.get(reverse("classifier:guess", args=[photo.pk]))
        assert "<html" in page.content.decode()

    def test_nor_after_one_photo_of_two(self, client):
        first, person = PhotoFactory(), ExpertFactory()
        second = PhotoFactory(contribution=first.contribution)
        say(first, person, MotifFactory())
        assert self.ask(client, first, person).status_code == 403

        say(second, person, MotifFactory())

        assert self.ask(client, first, person).status_code == 200

    def test_what_may_not_be_judged_does_not_exist(self, client):
        person = ExpertFactory()
        for photo in (
            PhotoFactory(access="restricted"),
            PhotoFactory(contribution=ContributionFactory(withdrawn=True)),
            PhotoFactory(
                contribution=ContributionFactory(accepted=True, given_by=person)
            ),
        ):
            assert self.ask(client, photo, person).status_code == 404

    def test_a_photo_it_has_not_looked_at_says_so(self, client):
        photo, person = PhotoFactory(), ExpertFactory()
        say(photo, person, MotifFactory())

        assert self.ask(client, photo, person).context["prediction"] is None

    def test_hidden_motifs_are_not_named(self, client):
        photo, person = PhotoFactory(), ExpertFactory()
        guessed(photo, MotifFactory(slug="rahasia", access="restricted"))
        say(photo, person, MotifFactory())

        assert "ahasia" not in self.ask(client, photo, person).content.decode()

    def test_it_only_answers_get(self, client):
        client.force_login(ExpertFactory())
        address = reverse("classifier:guess", args=[PhotoFactory().pk])

        assert client.post(address).status_code == 405


class TestAnchoring:
    @pytest.fixture
    def seen(self):
        """A photo that an expert judged blind, against the guess or with it."""

        def make(*, with_it=False, later="", kind="motif", guess_first=True):
            guess, own = MotifFactory(), MotifFactory()
            photo, person = PhotoFactory(), ExpertFactory()
            early = timezone.now() - timedelta(hours=1)
            late = timezone.now() + timedelta(hours=1)
            guessed(photo, guess, kind=kind, made_at=early if guess_first else late)
            made = say(photo, person, guess if with_it else own)
            if later:
                withdraw_identification(identification=made, by=person)
                motif = {"guess": guess, "own": own}.get(later) or MotifFactory()
                say(photo, person, motif)
            return photo, person, own

        return make

    def test_each_way_an_answer_can_go(self, seen):
        seen(later="guess")
        seen(later="guess")
        seen(later="another")
        seen(later="own")
        seen()
        seen(with_it=True)
        seen(with_it=True, later="another")

        found = anchoring()

        assert found == Anchoring(differed=5, towards=2, elsewhere=1, agreed=2, away=1)
        assert found.share == 0.4
        low, high = found.interval
        assert (round(low, 3), round(high, 3)) == (0.118, 0.769)

    def test_only_where_a_guess_was_shown(self, seen):
        seen(kind="unknown", later="guess")
        seen(guess_first=False, later="guess")
        photo, person, _own = seen()
        PhotoFactory(contribution=photo.contribution)
        say(PhotoFactory(), person, MotifFactory())

        assert anchoring() == Anchoring()
        assert anchoring().share is None

    def test_only_the_first_change_is_the_guesss(self, seen):
        photo, person, own = seen(later="guess")
        say(photo, person, own)

        assert anchoring().towards == 1

    def test_demonstration_photos_say_nothing(self):
        photo, person, guess = PhotoFactory(), ExpertFactory(), MotifFactory()
        guessed(photo, guess)
        say(photo, person, MotifFactory())
        type(photo.contribution).objects.update(is_demonstration=True)

        assert anchoring() == Anchoring()

    def test_the_page_is_for_those_who_see_agreement(self, client, seen):
        seen(later="guess")
        address = reverse("classifier:anchoring")
        assert client.get(address).status_code == 302
        client.force_login(ExpertFactory())
        assert client.get(address).status_code == 403
        client.force_login(CuratorFactory())

        assert "0.21" in client.get(
            address + "?part=1", headers={"accept-language": "en"}
        ).content.decode().replace(",", ".")
        assert "<html" in client.get(address).content.decode()


def test_uncertainty_is_highest_where_nothing_stands_out():
    even = uncertainty({"a": 0.5, "b": 0.5})
    sure = uncertainty({"a": 0.9, "b": 0.1})

    assert even == pytest.approx(1)
    assert 0 < sure < even
    assert uncertainty({"a": 1.0}) == 0
    assert uncertainty({"a": 1.0, "b": 0.0}) == 0


def test_a_check_notes_how_unsure_the_recogniser_is(fake):
    photo = PhotoFactory(content=encoded(cloth()))

    check_photo(photo=photo)

    photo.refresh_from_db()
    assert photo.uncertainty == pytest.approx(uncertainty(fake.scores))
    assert photo.uncertainty > 0


@pytest.mark.parametrize("module", [anchoring_module, uncertainty_module])
def test_the_examples_are_true(module):
    failed, tried = doctest.testmod(module)

    assert (failed, tried > 0) == (0, True)
