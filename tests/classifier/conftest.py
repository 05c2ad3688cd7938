from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from classifier import predictor, prototypes, track_record
from tests.classifier.fakes import FakePredictor
from tests.classifier.rows_of_models import model


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    """What one test counted is of rows that the next one does not have."""
    yield
    track_record.forget()
    prototypes.forget()


@pytest.fixture
def no_prototypes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network by itself: prototypes would ask the database."""
    monkeypatch.setattr(predictor, "with_prototypes", lambda model: model)


@pytest.fixture
def use_predictor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable]:
    """Make a predictor the champion: ``use_predictor(FakePredictor(...))``."""

    def use(champion: FakePredictor) -> FakePredictor:
        predictor.forget()
        monkeypatch.setattr(predictor, "load", lambda folder: champion)
        return champion

    yield use
    predictor.forget()


@pytest.fixture
def fake(use_predictor: Callable) -> FakePredictor:
    return use_predictor(FakePredictor())


@pytest.fixture
def no_model(settings, tmp_path) -> Iterator[None]:
    settings.MODEL_FOLDER = tmp_path / "nothing"
    yield
    predictor.forget()


@pytest.fixture
def models(settings, tmp_path, monkeypatch, ledger_is_read):
    """Folders by name, and what is loaded from them; an exception is raised."""
    settings.MODELS_FOLDER = tmp_path
    settings.MODEL_FOLDER = tmp_path / "own"
    there = {"own": model("own")}

    def load(folder):
        found = there[Path(folder).name]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(predictor, "load", load)
    return there
