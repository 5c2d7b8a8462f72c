"""Vocabularies hold what the training part holds; everything else has row 0."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from blockrec.jagged import Jagged
from tests.data.conftest import FEATURES, Project

DATA = "events: log.parquet\nsamples: {label: {click: rating >= 4}}\nsplit: {by: time, valid: 0.2, test: 0.2}"


@pytest.fixture(params=["numbers", "text"])
def shop(request: pytest.FixtureRequest, project: Project) -> Project:
    """Ten events of one user; item k is met at time k, the last four are unseen in training; item 0 comes back."""
    name = (lambda i: f"item {i}") if request.param == "text" else (lambda i: 100 * i)
    items = [name(i) for i in (0, 1, 2, 3, 4, 5, 0, 7, 8, 0)]
    project.parquet(user=[5] * 10, time=list(range(10)), item=items, rating=[1, 5] * 5)
    return project


def test_ids_are_those_of_the_training_part(shop: Project) -> None:
    dataset = shop.dataset(DATA)
    assert dataset.vocabularies == {"user": 2, "item": 7}
    parts = {name: next(iter(split.batches(100))) for name, split in dataset.splits.items()}
    assert parts["train"]["item"].tolist() == [1, 2, 3, 4, 5, 6]  # type: ignore[union-attr]
    assert parts["valid"]["item"].tolist() == [1, 0]  # type: ignore[union-attr]
    assert parts["test"]["item"].tolist() == [0, 1]  # type: ignore[union-attr]
    history = parts["test"]["behaviors.item"]
    assert isinstance(history, Jagged) and history.values.tolist() == [6, 1, 0, 1, 0, 0]


def test_vocabularies_are_saved(shop: Project) -> None:
    dataset = shop.dataset(DATA)
    folder = shop.folder / "vocabularies"
    dataset.save_vocabularies(folder)
    table = pq.read_table(folder / "item.parquet")
    assert table["value"].to_pylist() == dataset.values["item"].values.to_pylist()
    assert table["row"].to_pylist() == [1, 2, 3, 4, 5, 6]


def test_a_given_vocabulary_leaves_ids_as_they_are(project: Project) -> None:
    project.parquet(user=[1] * 6, time=list(range(6)), item=[5, 0, 3, 5, 1, 2], rating=[1, 5] * 3)
    dataset = project.dataset(DATA, FEATURES.replace("item: {vocab: auto}", "item: {vocab: 6}", 1))
    assert dataset.vocabularies == {"user": 2}
    (batch,) = dataset.splits["train"].batches(10)
    assert batch["item"].tolist() == [5, 0, 3, 5]  # type: ignore[union-attr]


def test_users_without_training_samples_have_row_0(project: Project) -> None:
    project.parquet(user=[i // 4 for i in range(80)], time=list(range(80)), item=[0] * 80, rating=[1, 5] * 40)
    dataset = project.dataset(DATA.replace("by: time", "by: user"))
    assert dataset.vocabularies["user"] == 13
    (batch,) = dataset.splits["test"].batches(100)
    assert set(batch["user"].tolist()) == {0}  # type: ignore[union-attr]


def test_a_null_is_unseen_or_the_default(project: Project) -> None:
    project.parquet(user=[1] * 6, time=list(range(6)), item=[5, None, 3, 5, 1, 2], rating=[1, 5] * 3)
    plain, filled = FEATURES, FEATURES.replace("item: {vocab: auto}", "item: {vocab: auto, default: 3}", 1)
    for features, ids in ((plain, [2, 0, 1, 2]), (filled, [2, 1, 1, 2])):
        (batch,) = project.dataset(DATA, features).splits["train"].batches(10)
        assert batch["item"].tolist() == ids  # type: ignore[union-attr]


def test_text_and_numbers_cannot_share_ids(project: Project) -> None:
    project.parquet(user=[1] * 6, time=list(range(6)), item=list(range(6)), rating=[1, 5] * 3, other=list("abcdef"))
    features = FEATURES + "second: {like: item, column: other}\n"
    (error,) = project.errors(DATA, features, used=("item", "second", "click"))
    assert error.startswith("E503 columns that share the ids of `item` do not agree")
