"""The gate: a challenger that is worse where it counts is refused."""

from __future__ import annotations

import doctest
import random
from dataclasses import asdict

import pytest
from django.utils import translation

from classifier import gate

MOTIFS = ("gigi-haruan", "hiris-pudak", "kulat-karikit")


def truth(each=20, others=20):
    """Photos by name, with their labels; the others show what no model knows."""
    photos = {f"test/{m}/{n}.jpg": m for m in MOTIFS for n in range(each)}
    return photos | {f"test/batik/{n}.jpg": "batik" for n in range(others)}


def evaluated(photos, wrong=(), *, motifs=MOTIFS, unlike=None, **figures):
    """An evaluation right about every photo of its motifs but the ``wrong`` ones."""
    unlike = {"known": 0.1, "other": 0.9} | (unlike or {})
    rows = []
    for photo, label in photos.items():
        knows = label in motifs
        is_right = knows and photo not in wrong
        other = next(m for m in MOTIFS if m != label)
        rows.append(
            {
                "photo": photo,
                "label": label,
                "said": label if is_right else other if knows else "other-cloth",
                "rejection": unlike["known" if knows else "other"],
            }
        )
    return {
        "calibration_error": 0.05,
        "milliseconds": {"p50": 20.0},
        "each": {"motifs": list(motifs), "bytes": 1000, "photos": rows},
    } | figures


def some(motif, count):
    return {f"test/{motif}/{n}.jpg" for n in range(count)}


def rule(verdict, code):
    return next(one for one in verdict.rules if one.code == code)


def test_the_same_model_again_passes():
    one = evaluated(truth(), some("hiris-pudak", 5))

    verdict = gate.compare(one, one)

    assert verdict.passed
    assert all(one.holds for one in verdict.rules)


def test_a_better_one_passes():
    verdict = gate.compare(
        evaluated(truth(), some("hiris-pudak", 5)), evaluated(truth())
    )

    assert verdict.passed
    change = next(c for c in verdict.motifs if c.motif == "hiris-pudak")
    assert (change.before, change.after, change.lost, change.won) == (15, 20, 0, 5)
    assert change.low < 0.25 < change.high


def test_a_motif_that_is_significantly_worse_is_refused_though_the_rest_improves():
    before = evaluated(truth(), some("gigi-haruan", 12) | some("kulat-karikit", 12))
    after = evaluated(truth(), some("hiris-pudak", 8))

    verdict = gate.compare(before, after)

    assert not verdict.passed
    assert rule(verdict, "motifs").motifs == ("hiris-pudak",)
    assert [one.code for one in verdict.rules if one.holds is False] == ["motifs"]


def test_a_loss_that_chance_explains_is_not_significant():
    before = evaluated(truth(), some("gigi-haruan", 8))
    after = evaluated(truth(), some("hiris-pudak", 3))

    verdict = gate.compare(before, after)

    assert rule(verdict, "motifs").holds
    assert verdict.passed


def test_many_motifs_tested_at_once_need_a_smaller_p():
    lone = gate.Change("a", 6, 6, 1, 5, 0, -1, 1, gate.worse_by_chance(5, 0))
    others = [gate.Change(m, 6, 6, 6, 0, 0, -1, 1, 1.0) for m in ("b", "c")]

    assert gate._holm([lone])[0].is_worse
    assert not gate._holm([lone, *others])[0].is_worse


def test_a_motif_that_is_lost_entirely_is_refused_however_few_its_photos():
    photos = truth() | {"test/langka/0.jpg": "langka"}
    motifs = (*MOTIFS, "langka")
    before = evaluated(photos, some("hiris-pudak", 20), motifs=motifs)
    after = evaluated(photos, motifs=MOTIFS)

    verdict = gate.compare(before, after)

    assert rule(verdict, "motifs").holds
    assert rule(verdict, "lost").motifs == ("langka",)
    assert not verdict.passed


def test_a_lower_macro_f1_is_refused():
    spread = {photo for m in MOTIFS for photo in some(m, 2)}

    verdict = gate.compare(evaluated(truth()), evaluated(truth(), spread))

    assert rule(verdict, "motifs").holds
    assert not rule(verdict, "macro_f1").holds
    assert not verdict.passed


def test_what_is_won_among_the_unknown_pays_for_no_motif():
    spread = {photo for m in MOTIFS for photo in some(m, 2)}
    before, after = evaluated(truth()), evaluated(truth(), spread)
    for one, said in ((before, MOTIFS[0]), (after, "batik")):
        for row in one["each"]["photos"]:
            row["said"] = said if row["label"] == "batik" else row["said"]

    verdict = gate.compare(before, after)

    assert rule(verdict, "macro_f1").before == 1.0
    assert rule(verdict, "macro_f1").after < 0.95
    assert [one.code for one in verdict.rules if one.holds is False] == ["macro_f1"]
    assert not verdict.passed


def test_worse_rejection_is_refused():
    after = evaluated(truth(), unlike={"other": 0.05})

    verdict = gate.compare(evaluated(truth()), after)

    assert not rule(verdict, "auroc").holds
    assert not rule(verdict, "false_positives").holds
    assert not verdict.passed


def test_more_unknown_let_through_is_refused_though_the_area_is_the_same():
    before, after = evaluated(truth()), evaluated(truth())
    # Four in sixty known photos are rejected as much as any other.
    for row in after["each"]["photos"][:4]:
        row["rejection"] = 0.9
    for row in before["each"]["photos"][:3]:
        row["rejection"] = 0.98

    verdict = gate.compare(before, after)

    assert rule(verdict, "auroc").holds
    assert not rule(verdict, "false_positives").holds
    assert not verdict.passed


def test_a_challenger_that_takes_everyday_photos_for_motifs_is_refused():
    photos = truth(others=0) | {f"not-cloth/0:{n}.jpg": "not-cloth" for n in range(9)}

    verdict = gate.compare(evaluated(photos), evaluated(photos, unlike={"other": 0.05}))

    assert not verdict.passed
    assert rule(verdict, "auroc").holds is False


def test_without_unknown_photos_rejection_is_not_measured_and_says_so():
    one = evaluated(truth(others=0))

    verdict = gate.compare(one, one)

    assert rule(verdict, "auroc").holds is None
    assert verdict.passed
    assert "AUROC" in gate.sentence(asdict(rule(verdict, "auroc")))


def test_photos_of_a_motif_that_only_the_challenger_knows_do_not_spoil_rejection():
    photos = truth() | {f"test/baru/{n}.jpg": "baru" for n in range(20)}
    before = evaluated(photos)
    after = evaluated(photos, motifs=(*MOTIFS, "baru"))

    verdict = gate.compare(before, after)

    assert verdict.passed
    assert rule(verdict, "auroc").after == 1.0
    assert next(c for c in verdict.motifs if c.motif == "baru").won == 20


@pytest.mark.parametrize(
    "other",
    [
        truth(each=19),
        truth() | {"test/batik/0.jpg": "hiris-pudak"},
        {},
    ],
    ids=["fewer", "another label", "none"],
)
def test_other_test_photos_cannot_be_compared(other):
    verdict = gate.compare(evaluated(truth()), evaluated(other))

    assert not verdict.passed
    assert [one.code for one in verdict.rules] == ["same_photos"]


def test_photos_of_no_motif_alone_say_nothing_of_a_challenger():
    one = evaluated(truth(each=0))

    verdict = gate.compare(one, one)

    assert not verdict.passed
    assert rule(verdict, "motifs_tested").holds is False
    with translation.override("en"):
        (said,) = gate.sentences(verdict.as_json())[1:]
    assert "No test photo shows a motif" in said["sentence"]


def test_a_motif_that_only_the_challenger_knows_is_tested_too():
    photos = {f"test/baru/{n}.jpg": "baru" for n in range(3)}

    verdict = gate.compare(
        evaluated(photos), evaluated(photos, motifs=(*MOTIFS, "baru"))
    )

    assert rule(verdict, "motifs_tested").holds
    assert verdict.passed


def test_evaluations_without_photos_cannot_be_compared():
    assert not gate.compare({"macro_f1": 0.5}, {"macro_f1": 0.9}).passed


def test_calibration_latency_and_size_are_told_and_do_not_decide():
    worse = evaluated(truth(), calibration_error=0.5, milliseconds={"p50": 900.0})
    worse["each"]["bytes"] = 10**8

    verdict = gate.compare(evaluated(truth()), worse)

    assert verdict.passed
    for code in ("calibration", "latency", "size"):
        assert rule(verdict, code).holds is False
        assert not rule(verdict, code).decides


def test_a_model_taught_with_shuffled_labels_is_refused():
    photos = truth()
    champion = evaluated(photos, some("hiris-pudak", 6))
    shuffled = evaluated(photos)
    dice = random.Random(1)
    for row in shuffled["each"]["photos"]:
        row["said"] = dice.choice(MOTIFS)
        row["rejection"] = dice.random()

    verdict = gate.compare(champion, shuffled)

    assert not verdict.passed
    assert not rule(verdict, "macro_f1").holds
    assert rule(verdict, "motifs").motifs


def test_every_rule_has_a_sentence_that_names_its_figures():
    verdict = gate.compare(
        evaluated(truth()), evaluated(truth(), some("hiris-pudak", 20))
    )

    told = gate.sentences(verdict.as_json())

    assert len({one["sentence"] for one in told}) == len(verdict.rules)
    lost = next(one for one in told if one["code"] == "lost")
    assert "hiris-pudak" in lost["sentence"]


def test_examples_in_docstrings_hold():
    assert doctest.testmod(gate).failed == 0
