"""From scores to what the visitor is told, with the catalogue as it is today."""

from __future__ import annotations

import pytest
from django.utils import translation

from classifier import words
from classifier.answer import answer, as_json
from classifier.serializers import REASONS, AnswerSerializer
from motifs.models import Motif
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import cloth
from tests.classifier.rows import catalogue, published

pytestmark = pytest.mark.django_db


def answer_of(scores: dict[str, float], **options):
    return answer(FakePredictor(scores, **options).predict([cloth()]))


def slugs(motifs) -> list[str]:
    return [motif.slug for motif in motifs]


def test_a_motif_that_may_be_stated_alone_is_the_answer():
    catalogue()

    found = answer_of({"hiris-pudak": 0.97}, single=["hiris-pudak"])

    assert (found.kind, found.reason) == ("motif", "recognised")
    assert slugs(found.motifs) == ["hiris-pudak"]
    assert "Hiris Pudak" in found.message


def test_close_scores_give_one_of_these():
    catalogue()

    found = answer_of({"gigi-haruan": 0.45, "hiris-pudak": 0.42})

    assert (found.kind, found.reason) == ("either", "close_scores")
    assert slugs(found.motifs) == ["gigi-haruan", "hiris-pudak"]
    assert "Gigi Haruan" in found.message
    assert "Hiris Pudak" in found.message


def test_suggestions_are_published_motifs_best_first():
    catalogue()
    Motif.objects.filter(slug="hiris-pudak").update(state="draft", published_at=None)

    found = answer_of(
        {
            "kulat-karikit": 0.2,
            "gigi-haruan": 0.3,
            "hiris-pudak": 0.4,
            "naga-balimbur": 0.1,
        }
    )

    assert [s.motif.slug for s in found.suggestions] == [
        "gigi-haruan",
        "kulat-karikit",
        "naga-balimbur",
    ]
    assert [s.score for s in found.suggestions] == [0.3, 0.2, 0.1]


def test_an_answer_whose_motif_is_not_published_becomes_unknown():
    published("gigi-haruan")

    found = answer_of({"hiris-pudak": 0.97}, single=["hiris-pudak"])

    assert (found.kind, found.reason) == ("unknown", "not_in_catalogue")
    assert found.motifs == ()


def test_losing_one_of_two_never_makes_the_answer_more_certain():
    published("gigi-haruan")

    found = answer_of({"gigi-haruan": 0.45, "hiris-pudak": 0.42})

    assert found.kind == "unknown"


def test_a_merged_motif_counts_for_its_successor():
    rows = catalogue()
    last = published("bayam-raja")
    for one, other in [("hiris-pudak", rows["naga-balimbur"]), ("naga-balimbur", last)]:
        Motif.objects.filter(slug=one).update(state="merged", merged_into=other)

    found = answer_of({"hiris-pudak": 0.9, "naga-balimbur": 0.05, "gigi-haruan": 0.05})

    assert found.suggestions[0].motif == last
    assert found.suggestions[0].score == pytest.approx(0.95)
    assert len([s for s in found.suggestions if s.motif == last]) == 1


def test_two_labels_that_became_one_motif_are_no_either():
    rows = catalogue()
    Motif.objects.filter(slug="hiris-pudak").update(
        state="merged", merged_into=rows["gigi-haruan"]
    )

    found = answer_of({"gigi-haruan": 0.45, "hiris-pudak": 0.42})

    assert found.kind == "unknown"
    assert found.suggestions[0].motif == rows["gigi-haruan"]


def test_an_empty_catalogue_still_gives_an_answer():
    found = answer_of({"gigi-haruan": 0.9})

    assert found.kind == "unknown"
    assert found.suggestions == ()
    assert found.message


def test_not_cloth_is_a_verdict():
    catalogue()

    found = answer_of({"not-cloth": 0.9, "gigi-haruan": 0.1})

    assert (found.kind, found.reason) == ("unknown", "not_cloth")


def test_the_query_count_does_not_grow_with_motifs(django_assert_num_queries):
    catalogue()
    with django_assert_num_queries(1):
        few = answer_of({"gigi-haruan": 0.9})
        _ = few.message
    more = [f"motif-{n}" for n in range(20)]
    for slug in more:
        published(slug)

    with django_assert_num_queries(1):
        many = answer_of({"motif-1": 0.4, "motif-2": 0.4}, motifs=more)
        as_json(many, 1.0)


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("names", [[], ["A"], ["A", "B"], ["A", "B", "C"]])
def test_every_reason_has_a_sentence(reason, names):
    if reason == "recognised" and not names:
        return
    with translation.override("en"):
        said = words.message(reason, names)

    assert said.endswith(".")
    assert "%" not in said


def test_the_json_has_the_documented_shape():
    catalogue()
    found = answer_of({"gigi-haruan": 0.45, "hiris-pudak": 0.42})

    document = as_json(found, 12.3456)

    checked = AnswerSerializer(data=document)
    assert checked.is_valid(), checked.errors
    assert set(document) == set(AnswerSerializer().fields)
    assert document["answer"]["motifs"] == ["gigi-haruan", "hiris-pudak"]
    assert document["suggestions"][0] == {
        "slug": "gigi-haruan",
        "name": "Gigi Haruan",
        "score": 0.45,
        "provisional_photos": None,
    }
    assert document["elapsed_ms"] == 12.3
