"""The examples in the docstrings of the light modules are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "augment",
    "balance",
    "calibrate",
    "colour",
    "containers",
    "duplicates",
    "embeddings",
    "fewshot",
    "figures",
    "images",
    "metrics",
    "quality",
    "region",
    "rejection",
    "whitening",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_are_true(name: str):
    module = importlib.import_module(f"ml.{name}")

    failed, tried = doctest.testmod(module)

    assert tried > 0
    assert failed == 0
