"""Lists of ids, one list a sample: read from Parquet, of the log or of the items."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
import pytest

from blockrec.data import Dataset
from blockrec.jagged import Jagged
from tests.data.conftest import Project

DATA = "events: log.parquet\nsplit: {by: leave_last, valid: 0, test: 0}"
TAGS = [["b", "a"], [], None, ["c", None, "a"]]
KINDS = [pa.list_(pa.string()), pa.large_list(pa.large_string())]


def lists(dataset: Dataset, name: str) -> list[list[float]]:
    """The lists of the training samples, in their order."""
    (batch,) = dataset.splits["train"].batches(100)
    value = batch[name]
    assert isinstance(value, Jagged) and value.batch == dataset.splits["train"].rows
    bounds = value.offsets.tolist()
    assert value.max_length == max(end - start for start, end in itertools.pairwise(bounds))
    return [value.values[start:end].tolist() for start, end in itertools.pairwise(bounds)]


@pytest.fixture
def shop(project: Project) -> Project:
    project.parquet(user=[1] * 4, time=list(range(4)), item=[1, 2, 3, 4], click=[0, 1, 1, 0], tags=TAGS, n=[[1, 9]] * 4)
    return project


@pytest.mark.parametrize("kind", KINDS)
def test_lists_of_the_log(project: Project, kind: Any) -> None:
    project.parquet(user=[1] * 4, time=list(range(4)), item=[1] * 4, click=[0, 1, 1, 0], tags=pa.array(TAGS, kind))
    dataset = project.dataset(DATA, "tags: {vocab: auto, pool: mean}", used=("tags", "click"))
    assert lists(dataset, "tags") == [[2, 1], [], [], [3, 0, 1]]
    assert dataset.vocabularies == {"tags": 4} and dataset.describe()["history"] == {}


def test_a_default_replaces_a_null_in_a_list(shop: Project) -> None:
    dataset = shop.dataset(DATA, "tags: {vocab: auto, pool: sum, default: b}", used=("tags", "click"))
    assert lists(dataset, "tags") == [[2, 1], [], [], [3, 2, 1]]


@pytest.mark.parametrize(("keep", "expected"), [("first", [[2], [], [], [3]]), ("last", [[1], [], [], [1]])])
def test_long_lists_are_cut(shop: Project, keep: str, expected: list[list[int]]) -> None:
    features = f"tags: {{vocab: auto, pool: sum, max_len: 1, keep: {keep}}}"
    assert lists(shop.dataset(DATA, features, used=("tags", "click")), "tags") == expected


def test_a_list_has_the_ids_of_another_feature(shop: Project) -> None:
    features = "item: {vocab: auto}\nn: {like: item, pool: sum}\nbins: {buckets: [5], column: n, pool: mean}"
    dataset = shop.dataset(DATA, features, used=("item", "n", "bins", "click"))
    assert dataset.vocabularies == {"item": 6}
    assert lists(dataset, "n") == [[1, 5]] * 4 and lists(dataset, "bins") == [[1, 2]] * 4


def test_lists_of_the_items_follow_a_negative(project: Project) -> None:
    project.parquet("items.parquet", item=[1, 2, 3], tags=[["x"], [], ["x", "y"]])
    project.parquet(user=[1, 1, 2, 2], time=[1, 2, 3, 4], item=[1, 2, 3, 2])
    data = """
events: log.parquet
items: {key: item, table: items.parquet}
samples: {positives: {}, negatives: {per_positive: 1}}
split: {by: leave_last, valid: 0, test: 0}
"""
    features = "item: {vocab: 4}\ntags: {vocab: auto, pool: sum}"
    dataset = project.dataset(data, features, used=("item", "tags", "click"))
    (batch,) = dataset.splits["train"].batches(100)
    items, clicks = batch["item"].tolist(), batch["click"].tolist()  # type: ignore[union-attr]
    assert 0 in clicks
    assert lists(dataset, "tags") == [{1: [1], 2: [], 3: [1, 2]}[item] for item in items]


def test_batches_are_cut_from_lists_in_any_order(shop: Project) -> None:
    split = shop.dataset(DATA, "tags: {vocab: auto, pool: sum}", used=("tags", "click")).splits["train"]
    found = [list(b["tags"].lengths.tolist()) for b in split.batches(2, shuffle=True, seed=3)]  # type: ignore[union-attr]
    assert sorted(n for lengths in found for n in lengths) == [0, 0, 2, 3]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("item: {vocab: auto, pool: sum}", "column `item` is int64, and `item` is a list (`pool`)"),
        ("tags: {vocab: auto}", "column `tags` holds lists, and `tags` is one value a row"),
        ("tags: {hash: 10}", "column `tags` holds lists, and `tags` is one value a row"),
        ("tags: {raw: int64}", "column `tags` holds lists, and `tags` is one value a row"),
        ("n: {buckets: 3}", "column `n` holds lists, and `n` is one value a row"),
        ("seen: {fields: {tags: {vocab: auto}}}", "column `tags` holds lists, and `seen.tags` is one value a row"),
        ("n: {vocab: 5, pool: sum}", "id 9 of column `n` in `log.parquet`, row 1 is outside a table of 5"),
    ],
)
def test_a_list_where_none_is_declared_and_the_reverse(shop: Project, features: str, message: str) -> None:
    name = "seen.tags" if "seen" in features else features.partition(":")[0]
    (error,) = shop.errors(DATA, features, used=(name, "click"))
    assert error[:4] in ("E503", "E504") and message in error


def test_labels_and_groups_are_single_values(shop: Project) -> None:
    (error,) = shop.errors(DATA, labels="{click: {column: n, at_least: 3}}", used=("click",))
    assert "column `n` holds lists, and `click` is one value a row" in error
    (error,) = shop.errors(DATA, used=("click", "tags"))
    assert error.startswith("E503 column `tags` holds lists, by which nothing is grouped")


def test_a_csv_file_has_no_lists(project: Project) -> None:
    project.text("log.csv", "user,time,item,click,tags\n1,1,1,0,a b\n1,2,2,1,c\n")
    (error,) = project.errors(DATA.replace("parquet", "csv"), "tags: {vocab: auto, pool: sum}", used=("tags", "click"))
    assert error.startswith("E503 column `tags` is string") and "CSV has none" in error
