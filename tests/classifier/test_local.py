"""What the page gives a browser so that it can word an answer by itself."""

from __future__ import annotations

import pytest

from classifier import local, words
from motifs.models import LookAlike
from tests.classifier.rows import catalogue, published

pytestmark = pytest.mark.django_db


def facts(labels):
    return local.facts(local.known(labels))


def test_every_label_that_has_a_motif_is_named_and_others_are_left_out():
    catalogue()

    motifs = facts(["gigi-haruan", "no-such-motif"])["motifs"]

    assert list(motifs) == ["gigi-haruan"]
    assert motifs["gigi-haruan"]["name"] == "Gigi Haruan"
    assert motifs["gigi-haruan"]["url"].endswith("/motifs/gigi-haruan/")


def test_sentences_are_those_of_the_server_with_room_for_names():
    found = facts([])["messages"]

    for reason, sentence in found.items():
        names = [local.NAMES] if local.NAMES in sentence else []
        assert sentence == words.message(reason, names)
    assert local.NAMES in found["recognised"]
    assert {"not_cloth", "other_cloth", "unusable", "low_scores"} <= found.keys()


def test_what_tells_two_motifs_apart_goes_by_their_labels():
    motifs = catalogue()
    LookAlike.objects.create(
        first=motifs["gigi-haruan"],
        second=motifs["hiris-pudak"],
        tell_id="Puncaknya.",
        tell_en="Its peaks.",
    )

    (tell,) = facts(motifs)["tells"]

    assert sorted(tell["labels"]) == ["gigi-haruan", "hiris-pudak"]
    assert tell["text"]


def test_queries_do_not_grow_with_motifs(django_assert_num_queries):
    labels = list(catalogue())
    with django_assert_num_queries(3):
        facts(labels)
    more = [published(f"motif-{number}").slug for number in range(20)]

    with django_assert_num_queries(3):
        facts([*labels, *more])
