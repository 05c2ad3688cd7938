"""Where the recogniser looked: in the answer, and as shade over the photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifier.answer import answer, as_json
from classifier.overlay import PAST, shades
from ml.images import Box
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import cloth
from tests.classifier.rows import catalogue

HEAT = {
    "x": 0.1,
    "y": 0.0,
    "width": 0.5,
    "height": 1.0,
    "values": [[0.0, 0.25], [0.5, 1.0]],
}


def test_what_spoke_most_stays_bright_and_what_did_not_is_dark():
    drawn = shades(HEAT)

    assert (drawn["rows"], drawn["columns"]) == (2, 2)
    assert [shade["opacity"] for shade in drawn["shades"]] == [1.0, 0.75, 0.5, 0.0]


def test_shade_reaches_past_every_edge():
    first, *_others, last = shades(HEAT)["shades"]

    assert (first["x"], first["y"]) == (-PAST, -PAST)
    assert last["x"] + last["width"] == 2 + PAST
    assert last["y"] + last["height"] == 2 + PAST


def test_no_heat_is_no_shade():
    assert shades(None) is None


@pytest.mark.django_db
def test_the_answer_says_where_the_first_suggestion_was_seen():
    catalogue()
    said = FakePredictor().predict([cloth(320, 240)])
    places = np.array([[0.0, 0.123], [0.5, 1.0]], np.float32)
    seen = replace(said, map=places, map_box=Box(0.125, 0, 0.75, 1))

    heat = as_json(answer(seen), 1.0)["heat"]

    assert heat == {
        "x": 0.125,
        "y": 0,
        "width": 0.75,
        "height": 1,
        "values": [[0.0, 0.12], [0.5, 1.0]],
    }
    assert as_json(answer(said), 1.0)["heat"] is None
