"""How often experts agreed with what a version said first, and what does not count."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from classifier import track_record
from classifier.actions import identify_photos
from classifier.answer import restored
from classifier.models import (
    DatasetPhoto,
    DatasetVersion,
    ModelVersion,
    Prediction,
    TrainingRun,
)
from motifs.models import Identification, Motif
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import photo
from tests.classifier.rows import catalogue, published
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def motifs():
    return catalogue()


@pytest.fixture
def version():
    fake = FakePredictor()
    return ModelVersion.objects.create(
        version="fake",
        sha256=fake.artifact.sha256,
        labels=list(fake.manifest.labels),
        embedding_size=1280,
    )


def determined(motif, outcome="motif", **fields):
    fields.setdefault("contribution", ContributionFactory(accepted=True, motif=None))
    return PhotoFactory(
        determined_outcome=outcome,
        determined_motif=motif,
        determined_at=LONG_AGO,
        determined_rule="two_experts",
        **fields,
    )


def said(version, given, top="gigi-haruan", score=0.45, kind="either"):
    return Prediction.objects.create(
        photo=given,
        model_version=version,
        kind=kind,
        reason="close_scores",
        motifs=[top],
        scores={top: score},
        top_motif=top,
        top_score=score,
        unknown_score=0.0,
    )


def seen(version, motif, count, **what):
    for _ in range(count):
        said(version, determined(motif), **what)


def totals(version):
    return {
        row.motif.slug: (row.total.agreed, row.total.cases)
        for row in track_record.table(version)
    }


def test_agreement_is_counted_per_motif_and_band(version, motifs):
    right, wrong = motifs["gigi-haruan"], motifs["hiris-pudak"]
    seen(version, right, 4, score=0.69)
    seen(version, wrong, 1, score=0.5)
    seen(version, right, 5, score=0.9)
    seen(version, right, 4, score=0.89)

    (row,) = track_record.table(version)

    assert row.motif == right
    low, middle, high, highest = row.bands
    assert (low, high) == (None, None)  # none, and fewer than the least
    assert (middle.agreed, middle.cases) == (4, 5)
    assert (highest.agreed, highest.cases) == (5, 5)
    assert (row.total.agreed, row.total.cases) == (13, 14)
    assert (round(middle.low, 3), round(middle.high, 3)) == (0.376, 0.964)


@pytest.mark.parametrize("outcome", ["other_motif", "printed", "not_cloth"])
def test_experts_who_saw_no_known_motif_disagreed(version, motifs, outcome):
    said(version, determined(None, outcome))

    assert totals(version) == {"gigi-haruan": (0, 1)}


def test_either_of_two_motifs_in_a_photo_is_right(version, motifs):
    cloth = determined(
        motifs["hiris-pudak"],
        "two_motifs",
        determined_second_motif=motifs["gigi-haruan"],
    )
    said(version, cloth)

    assert totals(version) == {"gigi-haruan": (1, 1)}


def test_merged_motifs_count_for_what_they_became(version, motifs):
    new = published("new")
    seen(version, motifs["gigi-haruan"], 1)
    seen(version, new, 1)
    Motif.objects.filter(slug="gigi-haruan").update(state="merged", merged_into=new)

    assert totals(version) == {"new": (2, 2)}


class TestDoesNotCount:
    @pytest.fixture(autouse=True)
    def _one_that_counts(self, version, motifs):
        seen(version, motifs["gigi-haruan"], 1)
        yield
        assert totals(version) == {"gigi-haruan": (1, 1)}

    def test_a_photo_that_nobody_determined(self, version):
        said(version, PhotoFactory())

    def test_a_photo_whose_experts_had_seen_the_guess(self, version, motifs):
        cloth = determined(motifs["gigi-haruan"])
        Identification.objects.create(
            photo=cloth,
            outcome="motif",
            motif=motifs["gigi-haruan"],
            identified_by=UserFactory(),
            role="expert",
            is_blind=False,
        )
        said(version, cloth)

    def test_an_answer_that_named_nothing(self, version, motifs):
        said(version, determined(motifs["gigi-haruan"]), kind="unknown")

    def test_what_another_version_said(self, version, motifs):
        other = ModelVersion.objects.create(
            version="other", sha256="0" * 64, labels=[], embedding_size=1280
        )
        said(other, determined(motifs["gigi-haruan"]))

    def test_a_demonstration(self, version, motifs):
        shown = ContributionFactory(accepted=True, motif=None, is_demonstration=True)
        said(version, determined(motifs["gigi-haruan"], contribution=shown))

    def test_a_withdrawn_photo(self, version, motifs):
        gone = ContributionFactory(withdrawn=True, motif=None)
        said(version, determined(motifs["gigi-haruan"], contribution=gone))

    def test_a_restricted_photo(self, version, motifs):
        said(version, determined(motifs["gigi-haruan"], access="restricted"))

    def test_a_photo_of_a_restricted_motif(self, version, motifs):
        said(version, determined(MotifFactory(access="restricted")))

    def test_a_motif_that_is_not_shown(self, version, motifs):
        MotifFactory(slug="hidden", access="restricted")
        said(version, determined(motifs["gigi-haruan"]), top="hidden")


class TestLearnedFrom:
    def dataset(self, photo, split, number=1):
        made = DatasetVersion.objects.create(number=number, digest=f"{number:064x}")
        DatasetPhoto.objects.create(
            dataset=made,
            photo=photo,
            sha256=photo.sha256,
            label="gigi-haruan",
            split=split,
            group="1",
            reason="determined",
        )
        return made

    def run(self, dataset, makes, starts_from=None):
        return TrainingRun.objects.create(
            dataset=dataset,
            makes=makes,
            starts_from=starts_from,
            state="done",
            started_at=LONG_AGO,
            ended_at=LONG_AGO,
        )

    @pytest.mark.parametrize(
        ("split", "counted"), [("train", 0), ("val", 0), ("test", 1)]
    )
    def test_only_what_it_did_not_learn_counts(self, version, motifs, split, counted):
        cloth = determined(motifs["gigi-haruan"])
        said(version, cloth)
        self.run(self.dataset(cloth, split), version)

        assert track_record.cases(version).count() == counted

    def test_another_photo_of_a_learned_cloth_does_not_count(self, version, motifs):
        learned = determined(motifs["gigi-haruan"])
        other = determined(motifs["gigi-haruan"], contribution=learned.contribution)
        said(version, other)
        self.run(self.dataset(learned, "train"), version)

        assert not track_record.cases(version).exists()

    def test_nor_what_the_version_before_it_learned(self, version, motifs):
        old = ModelVersion.objects.create(
            version="old", sha256="0" * 64, labels=[], embedding_size=1280
        )
        cloth, other = determined(motifs["gigi-haruan"]), determined(None, "printed")
        said(version, cloth)
        self.run(self.dataset(cloth, "train"), old)
        self.run(self.dataset(other, "train", 2), version, starts_from=old)

        assert not track_record.cases(version).exists()

    def test_another_versions_photos_count(self, version, motifs):
        other = ModelVersion.objects.create(
            version="other", sha256="0" * 64, labels=[], embedding_size=1280
        )
        cloth = determined(motifs["gigi-haruan"])
        said(version, cloth)
        self.run(self.dataset(cloth, "train"), other)

        assert track_record.cases(version).exists()


class TestWhereItIsShown:
    """The fake names Gigi Haruan first, with 0.5."""

    @pytest.fixture(autouse=True)
    def _enough_cases(self, version, motifs, fake):
        seen(version, motifs["gigi-haruan"], 4, score=0.55)
        seen(version, motifs["hiris-pudak"], 1, score=0.55)

    def ask(self):
        return identify_photos([photo()])[1]

    def test_an_answer_tells_it_with_its_interval(self):
        found = self.ask()["track_record"]

        with translation.override("en"):
            sentence = self.ask()["track_record"]["sentence"]
        del found["sentence"]
        assert found == {
            "motif": "gigi-haruan",
            "score_from": 0.5,
            "score_to": 0.7,
            "agreed": 4,
            "cases": 5,
            "low": 0.3755,
            "high": 0.9638,
        }
        assert sentence == (
            "Experts agreed 4 of 5 times when it said Gigi Haruan first with a score "
            "like this (95% interval: 38 to 96 of 100)."
        )

    def test_fewer_cases_tell_nothing(self, version):
        version.predictions.first().delete()

        assert self.ask()["track_record"] is None

    def test_cases_of_other_scores_tell_nothing(self, version):
        version.predictions.update(top_score=0.49)

        assert self.ask()["track_record"] is None

    def test_an_answer_that_names_nothing_has_none(self, use_predictor):
        use_predictor(FakePredictor({"not-cloth": 0.9, "gigi-haruan": 0.1}))

        assert self.ask()["track_record"] is None

    def test_it_is_counted_once_a_minute(
        self, version, monkeypatch, django_assert_num_queries
    ):
        self.ask()
        version.predictions.all().delete()
        with django_assert_num_queries(1):  # the motifs of the answer
            assert self.ask()["track_record"]["cases"] == 5
        now = track_record.time.monotonic()
        monkeypatch.setattr(
            track_record.time, "monotonic", lambda: now + track_record.FRESH_S
        )

        assert self.ask()["track_record"] is None

    def test_the_page_shows_it(self, client):
        page = client.post("/en/identify/", {"image": photo()})

        assert "Experts agreed 4 of 5 times" in page.content.decode()

    def test_the_page_of_the_model_has_a_row_for_each_motif(self, client):
        content = client.get("/en/model/").content.decode()

        assert "How often experts agreed" in content
        (row,) = client.get("/en/model/").context["record"]
        found = row.bands[1]
        assert f"{found.agreed} / {found.cases}" in content

    def test_the_page_has_it_for_answers_of_the_device(self, client):
        facts = client.get(reverse("classifier:identify")).context["facts"]

        assert facts["record"]["bands"] == [0.0, 0.5, 0.7, 0.9]
        assert facts["record"]["motifs"] == {
            "gigi-haruan": [None, [4, 5, 38, 96], None, None]
        }
        for place in ("{motifs}", "{agreed}", "{cases}", "{low}", "{high}"):
            assert place in facts["words"]["record"]

    def test_an_earlier_answer_keeps_its_record(self, version):
        said_then = self.ask()
        version.predictions.all().delete()
        track_record.forget()

        with translation.override("en"):
            _, now = restored(said_then)

        assert now["track_record"]["sentence"].startswith("Experts agreed 4 of 5")

    def test_an_earlier_answers_record_goes_with_its_motif(self, motifs):
        said_then = self.ask()
        Motif.objects.filter(slug="gigi-haruan").update(access="restricted")

        assert restored(said_then)[1]["track_record"] is None

    def test_answers_of_before_there_were_records_are_readable(self):
        said_then = self.ask()
        del said_then["track_record"]

        assert restored(said_then)[1]["track_record"] is None
