"""What stands of what people said: the rule itself, without a database."""

import pytest

from motifs.determination import Determination, determine
from motifs.models import Identification, Motif

A, B, C = (Motif(pk=pk, slug=f"m-{pk}", state="published") for pk in (1, 2, 3))
MERGED_INTO_A = Motif(pk=4, slug="m-4", state="merged", merged_into=A)


def said(role, motif=None, second=None, outcome=None):
    default = "two_motifs" if second else "motif"
    return Identification(
        role=role, motif=motif, second_motif=second, outcome=outcome or default
    )


def expert(*what, **how):
    return said("expert", *what, **how)


def curator(*what, **how):
    return said("curator", *what, **how)


def giver(*what, **how):
    return said("giver", *what, **how)


NOTHING = Determination()
TWO_EXPERTS = Determination("motif", 1, None, "two_experts")
WITH_CURATOR = Determination("motif", 1, None, "expert_and_curator")


@pytest.mark.parametrize(
    ("standing", "found"),
    [
        pytest.param([], NOTHING, id="nobody"),
        pytest.param([expert(A)], NOTHING, id="one expert"),
        pytest.param([curator(A)], NOTHING, id="one curator"),
        pytest.param([curator(A), curator(A)], NOTHING, id="curators alone"),
        pytest.param([expert(A), expert(A)], TWO_EXPERTS, id="two experts"),
        pytest.param([curator(A), expert(A)], WITH_CURATOR, id="with a curator"),
        pytest.param(
            [curator(A), expert(A), expert(A)],
            TWO_EXPERTS,
            id="the stronger rule is named",
        ),
        pytest.param([giver(A), expert(A)], NOTHING, id="the giver does not count"),
        pytest.param([giver(B), expert(A), expert(A)], TWO_EXPERTS, id="nor disputes"),
        pytest.param(
            [expert(A), expert(A), expert(outcome="cannot_tell")],
            TWO_EXPERTS,
            id="who cannot tell does not dispute",
        ),
        pytest.param(
            [expert(outcome="cannot_tell"), expert(outcome="cannot_tell")],
            NOTHING,
            id="two who cannot tell determine nothing",
        ),
    ],
)
def test_who_determines(standing, found):
    assert determine(standing) == found
    assert determine(standing[::-1]) == found


@pytest.mark.parametrize(
    ("standing", "outcome", "motif_id"),
    [
        pytest.param([expert(A), expert(B)], "", None, id="one against one"),
        pytest.param([expert(A), expert(A), expert(B)], "motif", 1, id="two to one"),
        pytest.param(
            [expert(A), expert(A), expert(B), expert(B)], "", None, id="two to two"
        ),
        pytest.param(
            [expert(A), curator(B), curator(B)], "", None, id="curators lead, no rule"
        ),
        pytest.param(
            [expert(A), expert(A), curator(B), curator(B), curator(B)],
            "",
            None,
            id="what leads must itself meet the rule",
        ),
        pytest.param(
            [expert(A), expert(A, outcome="printed")], "", None, id="print or cloth"
        ),
        pytest.param([expert(A), expert(A, B)], "", None, id="one motif or two"),
    ],
)
def test_different_views_are_a_dispute(standing, outcome, motif_id):
    found = determine(standing)

    assert found.is_disputed
    assert (found.outcome, found.motif_id) == (outcome, motif_id)
    assert determine(standing[::-1]) == found


def test_two_motifs_have_no_order():
    found = determine([expert(A, B), expert(B, A)])

    assert found == Determination("two_motifs", 1, 2, "two_experts")


@pytest.mark.parametrize("outcome", ["other_motif", "not_cloth", "printed"])
def test_what_names_no_motif_is_determined_too(outcome):
    standing = [expert(outcome=outcome), expert(outcome=outcome)]

    assert determine(standing) == Determination(outcome, None, None, "two_experts")


PRINTED = "printed"


@pytest.mark.parametrize(
    ("standing", "motif_id", "is_disputed"),
    [
        pytest.param(
            [expert(A, outcome=PRINTED), curator(outcome=PRINTED)],
            None,
            False,
            id="one names its motif",
        ),
        pytest.param(
            [expert(A, outcome=PRINTED), curator(A, outcome=PRINTED)],
            1,
            False,
            id="both name the same",
        ),
        pytest.param(
            [expert(A, outcome=PRINTED), expert(MERGED_INTO_A, outcome=PRINTED)],
            1,
            False,
            id="a merged one is the same",
        ),
        pytest.param(
            [expert(A, outcome=PRINTED), expert(B, outcome=PRINTED)],
            None,
            True,
            id="two motifs are a dispute, and a print for all that",
        ),
        pytest.param(
            [
                expert(A, outcome=PRINTED),
                curator(A, outcome=PRINTED),
                curator(B, outcome=PRINTED),
            ],
            1,
            True,
            id="two to one",
        ),
        pytest.param(
            [
                expert(outcome=PRINTED),
                curator(A, outcome=PRINTED),
                curator(A, outcome=PRINTED),
            ],
            None,
            False,
            id="curators alone name no motif",
        ),
        pytest.param(
            [expert(A, outcome=PRINTED), curator(outcome=PRINTED), expert(A)],
            None,
            True,
            id="print or cloth, two to one",
        ),
    ],
)
def test_a_print_is_agreed_on_whatever_motif_is_named(standing, motif_id, is_disputed):
    found = determine(standing)

    assert (found.outcome, found.motif_id) == (PRINTED, motif_id)
    assert found.is_disputed is is_disputed
    assert determine(standing[::-1]) == found


def test_a_merged_motif_counts_as_the_one_it_became():
    assert determine([expert(MERGED_INTO_A), expert(A)]) == TWO_EXPERTS
    assert determine([expert(MERGED_INTO_A, A), expert(A)]) == TWO_EXPERTS


def test_a_determination_is_lost_when_a_third_view_leaves_no_majority():
    two = [expert(A), curator(A)]
    assert determine([*two, expert(B)]).outcome == "motif"

    assert determine([*two, expert(B), expert(B)]).outcome == ""
    assert determine([*two, expert(B), expert(C)]).outcome == "motif"
