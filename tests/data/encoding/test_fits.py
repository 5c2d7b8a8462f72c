"""Data encoded with what another run learned: new values are unseen, scales are those of the training."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from blockrec.data.encoding.fits import Fits
from blockrec.diagnostics import Diagnostics
from blockrec.jagged import Jagged
from tests.data.conftest import Project

FEATURES = """
user: {vocab: auto, cold: 2}
item: {vocab: auto}
price: {dense: 1, norm: zscore}
hour: {buckets: 4, column: time}
behaviors: {max_len: 3, fields: {item: {like: item}, price: {dense: 1, norm: minmax}}}
"""
USED = ("user", "item", "price", "hour", "behaviors.item", "behaviors.price", "click")
DATA = "events: log.parquet\nsamples: {label: {click: rating >= 4}}\nsplit: {by: time, valid: 0.2, test: 0.2}"
LAST = "events: log.parquet\nsamples: {label: {click: rating >= 4}}\nsplit: {by: leave_last, valid: 1, test: 1}"


def plain(value: Tensor | Jagged) -> list[Any]:
    """Values, and of a sequence its offsets."""
    return [value.values.tolist(), value.offsets.tolist()] if isinstance(value, Jagged) else value.tolist()


@pytest.fixture
def learned(project: Project) -> Path:
    """Vocabularies of a log of six items, in a folder."""
    project.parquet(user=[5] * 10, time=range(10), item=[*"abcdefabab"], rating=[1, 5] * 5, price=range(10))
    folder = project.folder / "vocabularies"
    project.dataset(DATA, FEATURES, used=USED).save_vocabularies(folder)
    shutil.rmtree(project.folder / "cache")
    return folder


def test_the_same_data_become_the_same_batches(project: Project, learned: Path) -> None:
    own = project.dataset(DATA, FEATURES, used=USED)
    again = project.dataset(DATA, FEATURES, used=USED, fitted=learned)
    assert again.vocabularies == own.vocabularies
    for name, split in own.splits.items():
        for mine, theirs in zip(split.batches(3), again.splits[name].batches(3), strict=True):
            assert mine.keys() == theirs.keys()
            for key, value in mine.items():
                assert plain(value) == plain(theirs[key]), key


def test_other_data_have_the_rows_of_the_training(project: Project, learned: Path) -> None:
    project.parquet(user=[5, 5, 9, 9], time=range(4), item=["b", "new", "a", "f"], rating=[5] * 4, price=[5, 8, 0, 2])
    dataset = project.dataset(LAST, FEATURES, used=USED, fitted=learned)
    assert dataset.vocabularies == {"user": 4, "item": 7} and dataset.splits["train"].rows == 0
    valid, test = (next(iter(dataset.splits[name].batches(10))) for name in ("valid", "test"))
    assert plain(valid["item"]) == [2, 1] and plain(test["item"]) == [0, 6]
    assert plain(test["user"])[0] == 1 and plain(test["user"])[1] in (2, 3)
    assert plain(valid["price"]) == [[pytest.approx(2.5 / (35 / 12) ** 0.5)], [pytest.approx(-2.5 / (35 / 12) ** 0.5)]]
    assert plain(test["behaviors.price"])[0] == [[1.0], [0.0]]


def test_what_was_learned_is_read_as_it_was_written(project: Project, learned: Path) -> None:
    dataset = project.dataset(DATA, FEATURES, used=USED)
    report = Diagnostics()
    fits = Fits.load(learned, dataset.splits["train"].gather.features, report)
    assert not report.failed and fits.key
    assert {root: v.rows for root, v in fits.vocabularies.items()} == dataset.vocabularies
    assert {name: fit.to_json() for name, fit in fits.numbers.items()} == dataset.notes["numbers"]


@pytest.mark.parametrize("missing", ["item.parquet", "numbers.json"])
def test_what_was_not_learned_is_named(project: Project, learned: Path, missing: str) -> None:
    (learned / missing).unlink()
    errors = project.errors(DATA, FEATURES, used=USED, fitted=learned)
    assert len(errors) == (1 if missing == "item.parquet" else 3) and all(error.startswith("E501") for error in errors)
    assert any("taught `item`" in e for e in errors) == (missing == "item.parquet")


def test_the_content_of_the_folder_names_what_is_cached(project: Project, learned: Path) -> None:
    assert project.dataset(DATA, FEATURES, used=USED, fitted=learned).vocabularies["item"] == 7
    (learned / "item.parquet").write_bytes((learned / "user.parquet").read_bytes())
    assert project.dataset(DATA, FEATURES, used=USED, fitted=learned).vocabularies["item"] == 2


def test_features_that_the_model_does_not_read_need_nothing(project: Project, learned: Path) -> None:
    (learned / "user.parquet").unlink()
    dataset = project.dataset(DATA, FEATURES, used=("item", "click"), fitted=learned)
    assert dataset.vocabularies == {"item": 7}
