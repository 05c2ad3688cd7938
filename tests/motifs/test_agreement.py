"""How agreement is measured, and on what."""

import doctest
import math

import pytest

from motifs import agreement as module
from motifs.actions import identify_photo, withdraw_identification
from motifs.agreement import agreement, cohens_kappa
from tests.factories import (
    ContributionFactory,
    ExpertFactory,
    MotifFactory,
    PhotoFactory,
)


def pairs_of(table):
    return [
        (i, j)
        for i, row in enumerate(table)
        for j, number in enumerate(row)
        for _ in range(number)
    ]


def test_the_example_in_the_docstring_is_true():
    failed, tried = doctest.testmod(module)

    assert (failed, tried > 0) == (0, True)


class TestKappa:
    def test_it_is_what_sas_prints(self):
        # The example of SAS's PROC FREQ that statsmodels tests itself against.
        found = cohens_kappa(pairs_of([[0, 4, 1], [0, 8, 0], [0, 1, 5]]))

        assert (round(found.kappa, 4), round(found.low, 4), round(found.high, 4)) == (
            0.4842,
            0.2137,
            0.7547,
        )

    def test_always_the_same_answer_says_nothing(self):
        found = cohens_kappa([("a", "a")] * 5)

        assert (found.kappa, found.low, found.observed, found.n) == (None, None, 1, 5)

    def test_full_agreement_has_no_spread_to_judge_by(self):
        found = cohens_kappa([("a", "a"), ("b", "b")])

        assert (found.kappa, found.low, found.high) == (1, None, None)

    def test_agreement_by_chance_alone_is_nothing(self):
        found = cohens_kappa(pairs_of([[25, 25], [25, 25]]))

        assert found.kappa == 0
        assert found.low < 0 < found.high

    def test_never_agreeing_is_below_nothing(self):
        assert cohens_kappa(pairs_of([[0, 5], [5, 0]])).kappa == -1

    def test_photos_of_one_cloth_count_as_one_piece_of_evidence(self):
        pairs = pairs_of([[7, 3], [2, 8]])

        alone = cohens_kappa(pairs)
        four_times = cohens_kappa(pairs * 4)
        four_of_a_cloth = cohens_kappa(pairs * 4, list(range(len(pairs))) * 4)

        assert four_of_a_cloth.kappa == pytest.approx(alone.kappa)
        width = alone.high - alone.low
        assert four_of_a_cloth.high - four_of_a_cloth.low == pytest.approx(width)
        assert four_times.high - four_times.low == pytest.approx(width / 2)
        assert (four_of_a_cloth.n, four_of_a_cloth.cloths) == (80, 20)

    def test_the_interval_covers_as_often_as_it_says(self):
        from random import Random

        random = Random(1)
        covered = 0
        for _ in range(400):
            pairs = []
            for _thing in range(150):
                truth = random.random() < 0.4
                pairs.append(
                    tuple(truth ^ (random.random() < 0.15) for _person in range(2))
                )
            found = cohens_kappa(pairs)
            # Each names it with probability p; they agree unless one of them errs.
            p = 0.4 * 0.85 + 0.6 * 0.15
            expected = p**2 + (1 - p) ** 2
            true_kappa = (0.85**2 + 0.15**2 - expected) / (1 - expected)
            covered += found.low <= true_kappa <= found.high

        assert math.isclose(covered / 400, 0.95, abs_tol=0.03)


@pytest.mark.django_db
class TestOfWhatWasSaid:
    def say(self, photo, by, motif, **how):
        return identify_photo(
            photo=photo,
            outcome="motif" if motif else "cannot_tell",
            motif=motif,
            by=by,
            **{"is_blind": True} | how,
        )

    def test_first_blind_statements_count_though_taken_back(self):
        one, other = ExpertFactory(), ExpertFactory()
        a, b = MotifFactory(), MotifFactory()
        for said in (a, a, b):
            photo = PhotoFactory()
            first = self.say(photo, one, said)
            self.say(photo, other, said)
            if said is b:
                withdraw_identification(identification=first, by=one)
                # What is said after the reveal is no evidence of agreement.
                self.say(photo, one, a)

        found = agreement()

        (pair,) = found.pairs
        assert {pair.first, pair.second} == {one, other}
        assert (pair.agreement.n, pair.agreement.kappa) == (3, 1)
        assert found.statements == 6

    def test_what_was_not_blind_does_not_count(self):
        one, other = ExpertFactory(), ExpertFactory()
        photo, motif = PhotoFactory(), MotifFactory()
        self.say(photo, one, motif)
        self.say(photo, other, motif, is_blind=False)

        assert agreement().pairs == []

    def test_whoever_cannot_tell_neither_agrees_nor_disagrees(self):
        one, other = ExpertFactory(), ExpertFactory()
        photo = PhotoFactory()
        self.say(photo, one, MotifFactory())
        self.say(photo, other, None)

        assert agreement().pairs == []

    def test_a_print_is_a_print_whatever_motif_is_named_with_it(self):
        people, photo = (ExpertFactory(), ExpertFactory()), PhotoFactory()
        for person, motif in zip(people, (MotifFactory(), None), strict=True):
            identify_photo(
                photo=photo, outcome="printed", motif=motif, by=person, is_blind=True
            )

        (pair,) = agreement().pairs
        assert pair.agreement.observed == 1

    def test_demonstration_photos_are_no_evidence(self):
        one, other, motif = ExpertFactory(), ExpertFactory(), MotifFactory()
        photo = PhotoFactory(
            contribution=ContributionFactory(accepted=True, is_demonstration=True)
        )
        self.say(photo, one, motif)
        self.say(photo, other, motif)

        assert agreement().pairs == []

    def test_one_motif_is_set_against_the_rest(self):
        one, other = ExpertFactory(), ExpertFactory()
        a, b, c = MotifFactory(), MotifFactory(), MotifFactory()
        for first, second in ((a, a), (a, a), (b, c), (c, b), (b, b)):
            photo = PhotoFactory()
            self.say(photo, one, first)
            self.say(photo, other, second)

        rows = {row.motif: row for row in agreement().motifs}

        assert rows[a].agreement.kappa == 1
        assert (rows[b].named, rows[b].agreement.n) == (3, 5)
        # b: both say it once, each says it once alone, neither twice; 3/5 against
        # (2/5)² + (3/5)² by chance.
        assert rows[b].agreement.kappa == pytest.approx((0.6 - 0.52) / 0.48)
        assert rows[c].agreement.kappa == pytest.approx(-0.25)

    def test_a_merged_motif_counts_as_the_one_it_became(self):
        one, other = ExpertFactory(), ExpertFactory()
        old, new, third = MotifFactory(), MotifFactory(), MotifFactory()
        for first, second in ((old, new), (third, third)):
            photo = PhotoFactory()
            self.say(photo, one, first)
            self.say(photo, other, second)
        type(old).objects.filter(pk=old.pk).update(state="merged", merged_into=new)

        (pair,) = agreement().pairs

        assert pair.agreement.kappa == 1

    def test_three_people_are_three_pairs(self):
        people = [ExpertFactory() for _ in range(3)]
        photo, motif = PhotoFactory(), MotifFactory()
        for person in people:
            self.say(photo, person, motif)

        assert len(agreement().pairs) == 3

    def test_the_number_of_queries_does_not_grow(self, django_assert_num_queries):
        people = [ExpertFactory() for _ in range(3)]
        for _ in range(4):
            photo = PhotoFactory()
            for person in people:
                self.say(photo, person, MotifFactory())

        with django_assert_num_queries(3):
            agreement()
