"""Who may change the champion, when the gate lets them, and how they go back."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.urls import reverse

from classifier import predictor
from classifier.groups import MODEL_KEEPER_GROUP
from classifier.models import DatasetVersion, Evaluation, ModelVersion, Promotion
from classifier.promoting import (
    champion_row,
    comparison,
    promote,
    roll_back,
    version_before,
)
from classifier.refusals import ModelRefused
from ml.artifact import ArtifactError
from tests.at_once import at_once
from tests.classifier.pictures import encoded, photo
from tests.classifier.rows_of_models import line, model, register
from tests.classifier.test_gate import evaluated, some, truth
from tests.factories import MotifFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    person = UserFactory()
    person.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    return person


@pytest.fixture
def dataset():
    return DatasetVersion.objects.create(number=1, digest="a" * 64)


def measured(version, dataset, wrong=()):
    return Evaluation.objects.create(
        model_version=version, dataset=dataset, metrics=evaluated(truth(), wrong)
    )


@pytest.fixture
def challenger(models, dataset):
    """A version that is better than the site's own on the same photos."""
    models["b"] = model("b", "hiris-pudak")
    measured(champion_row(), dataset, some("gigi-haruan", 5))
    version = register("b")
    measured(version, dataset)
    return version


def test_the_sites_own_model_is_registered_once_when_it_is_needed(models):
    first, second = champion_row(), champion_row()

    assert first == second
    assert (first.version, first.folder) == ("own", "")
    assert ModelVersion.objects.count() == 1


def test_a_version_that_passes_the_gate_answers_from_then_on(
    models, challenger, keeper
):
    made = promote(version=challenger, by=keeper)

    assert (made.from_version.version, made.to_version) == ("own", challenger)
    assert made.passed_gate
    assert made.promoted_by == keeper
    assert made.gate["dataset"] == 1
    assert made.gate["challenger"] == "b"
    predictor.forget()
    assert predictor.describe().version == "b"


def test_a_version_that_the_gate_refuses_is_not_promoted(
    models, challenger, dataset, keeper
):
    Evaluation.objects.filter(model_version=challenger).delete()
    measured(challenger, dataset, some("hiris-pudak", 20))

    with pytest.raises(ModelRefused):
        promote(version=challenger, by=keeper)
    with pytest.raises(ModelRefused):
        promote(version=challenger, by=keeper, reason="  ")

    assert Promotion.objects.count() == 0


def test_a_keeper_may_overrule_with_a_reason_and_the_verdict_is_kept(
    models, challenger, dataset, keeper
):
    Evaluation.objects.filter(model_version=challenger).delete()
    measured(challenger, dataset, some("hiris-pudak", 20))

    made = promote(version=challenger, by=keeper, reason="Its photos were mislabelled.")

    assert not made.passed_gate
    assert made.reason == "Its photos were mislabelled."
    assert [r["code"] for r in made.gate["rules"] if r["holds"] is False] == [
        "motifs",
        "lost",
        "macro_f1",
    ]


def test_a_version_that_was_not_compared_needs_a_reason(models, keeper):
    models["b"] = model("b")

    with pytest.raises(ModelRefused):
        promote(version=register("b"), by=keeper)


def test_the_newest_dataset_that_both_were_asked_of_counts(models, challenger, dataset):
    newer = DatasetVersion.objects.create(number=2, digest="b" * 64)
    measured(challenger, newer)
    assert comparison(challenger, champion_row()).challenger.dataset == dataset

    measured(champion_row(), newer)

    assert comparison(challenger, champion_row()).challenger.dataset == newer


def test_nobody_else_promotes_or_goes_back(models, challenger):
    for person in (UserFactory(), UserFactory(is_staff=True)):
        with pytest.raises(ModelRefused):
            promote(version=challenger, by=person, reason="I want to.")
        with pytest.raises(ModelRefused):
            roll_back(by=person, reason="I want to.")

    assert Promotion.objects.count() == 0


@pytest.mark.parametrize("wrong", [ArtifactError("It was altered."), model("other")])
def test_a_version_whose_folder_does_not_verify_is_refused(
    models, challenger, keeper, wrong
):
    models["b"] = wrong

    with pytest.raises(ModelRefused):
        promote(version=challenger, by=keeper, reason="I insist.")

    assert Promotion.objects.count() == 0


def test_the_champion_cannot_be_promoted_again(models, challenger, keeper):
    promote(version=challenger, by=keeper)

    with pytest.raises(ModelRefused):
        promote(version=challenger, by=keeper, reason="Again.")


def test_the_database_wants_a_reason_for_what_the_gate_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        line(register("b"), UserFactory(), passed_gate=False)


@pytest.mark.django_db(transaction=True)
def test_of_two_promotions_of_one_version_at_once_one_is_made(
    models, challenger, keeper
):
    act = lambda: promote(version=challenger, by=keeper)  # noqa: E731

    raised = at_once(act, act)

    assert Promotion.objects.count() == 1
    assert sorted(type(one) for one in raised if one) == [ModelRefused]


@pytest.mark.django_db(transaction=True)
def test_of_two_challengers_at_once_the_second_is_held_against_the_first(
    models, challenger, dataset, keeper
):
    models["c"] = model("c")
    other = register("c")
    measured(other, dataset)

    raised = at_once(
        lambda: promote(version=challenger, by=keeper),
        lambda: promote(version=other, by=keeper),
    )

    assert raised == [None, None]
    first, second = Promotion.objects.in_order()
    assert second.from_version == first.to_version
    assert second.gate["champion"] == first.to_version.version


def test_going_back_gives_the_earlier_answer_byte_for_byte(
    models, challenger, keeper, client
):
    MotifFactory(slug="gigi-haruan")
    MotifFactory(slug="hiris-pudak")

    def asked():
        predictor.forget()
        said = client.post(reverse("api-identify"), {"image": photo(content)}).json()
        return json.dumps(said | {"elapsed_ms": 0}).encode()

    content = encoded()
    before = asked()
    promote(version=challenger, by=keeper)
    between = asked()
    roll_back(by=keeper)

    assert between != before
    assert asked() == before


def test_steps_back_undo_promotions_in_turn(models, challenger, keeper):
    models |= {"c": model("c"), "d": model("d")}
    own, c, d = champion_row(), register("c"), register("d")
    for version in (challenger, c):
        promote(version=version, by=keeper, reason="A test.")
    assert version_before() == challenger

    first = roll_back(by=keeper, reason="It was slow.")
    promote(version=d, by=keeper, reason="A test.")
    steps = [roll_back(by=keeper) for _ in range(3 - 1)]

    assert (first.from_version, first.to_version) == (c, challenger)
    assert [step.to_version for step in steps] == [challenger, own]
    assert all(step.is_rollback for step in (first, *steps))
    with pytest.raises(ModelRefused):
        roll_back(by=keeper)
    assert Promotion.objects.count() == 6


def test_nobody_goes_back_to_a_model_that_is_damaged(models, challenger, keeper):
    promote(version=challenger, by=keeper)
    models["own"] = ArtifactError("It was altered.")

    with pytest.raises(ModelRefused):
        roll_back(by=keeper)
