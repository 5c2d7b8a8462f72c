"""Attributes of items: joined by key, flags as one category, for events and impressions alike."""

from __future__ import annotations

import pytest

from tests.data.conftest import FEATURES, Project

DATA = """
events: log.tsv
csv: {delimiter: "\\t", columns: [user, item, rating, time]}
items:
  key: item
  table: items.txt
  csv: {delimiter: "|", encoding: latin-1, columns: [item, title, action, comedy, drama]}
  flags: {genre: [action, comedy, drama]}
samples: {label: {click: rating >= 4}}
split: {by: leave_last, valid: 0, test: 0}
"""
FEATURES_HERE = FEATURES + "genre: {vocab: 3, default: 2}\ntitle: {vocab: auto}\n"
USED = ("item", "genre", "title", "click")


@pytest.fixture
def shop(project: Project) -> Project:
    project.text("log.tsv", "1\t10\t5\t1\n1\t20\t1\t2\n1\t30\t5\t3\n1\t40\t2\t4\n")
    path = project.folder / "items.txt"
    path.write_bytes("30|Amélie|0|1|1\n10|Alien|1|0|0\n20|Nothing|0|0|0\n10|Twice|0|0|1\n".encode("latin-1"))
    return project


def batch(project: Project, data: str = DATA):  # type: ignore[no-untyped-def]
    dataset = project.dataset(data, FEATURES_HERE, used=USED)
    (found,) = dataset.splits["train"].batches(100)
    titles = ["", *dataset.values["title"].values.to_pylist()]
    return found["genre"].tolist(), [titles[i] for i in found["title"].tolist()]  # type: ignore[union-attr]


def test_attributes_are_joined_and_the_first_flag_counts(shop: Project) -> None:
    """Item 20 has no genre and item 40 is in no table: the default."""
    assert batch(shop) == ([0, 2, 1, 2], ["Alien", "Nothing", "Amélie", ""])


def test_impressions_are_joined_too(shop: Project) -> None:
    shop.parquet("shown.parquet", who=[1, 1], at=[9, 8], item=[30, 10], click=[0, 1])
    data = DATA.replace("label: {click: rating >= 4}", "from: shown.parquet, user: who, time: at")
    assert batch(shop, data) == ([0, 1], ["Alien", "Amélie"])


def test_a_log_without_items_beside_impressions_with_them(shop: Project) -> None:
    """Behaviours that name a category only; the table belongs to the samples alone."""
    shop.text("log.tsv", "1\t7\t5\t1\n1\t8\t1\t2\n")
    shop.parquet("shown.parquet", user=[1, 1], time=[9, 2], item=[30, 10], click=[0, 1])
    data = DATA.replace("[user, item,", "[user, kind,").replace("label: {click: rating >= 4}", "from: shown.parquet")
    features = "genre: {vocab: 3}\nsteps: {fields: {kind: {vocab: 10}}}\n"
    dataset = shop.dataset(data, features, used=("genre", "steps.kind", "click"))
    (found,) = dataset.splits["train"].batches(100)
    assert found["genre"].tolist() == [0, 1]  # type: ignore[union-attr]
    assert found["steps.kind"].values.tolist() == [7, 7, 8]  # type: ignore[union-attr]


def test_missing_key_and_flags(shop: Project) -> None:
    data = DATA.replace("key: item", "key: itm").replace("drama]}\nsamples", "dram]}\nsamples")
    errors = shop.errors(data, FEATURES_HERE, used=USED)
    assert errors == [
        "E502 the items table has no column `itm` [did you mean `item`?] at itm",
        "E502 the items table has no column `dram` [did you mean `drama`?] at {genre: [action, comedy, dram]}",
    ]


def test_a_key_of_another_type(shop: Project) -> None:
    shop.text("items.txt", "a|A|0|1|1\nb|B|0|0|1\n")
    (error,) = shop.errors(DATA, FEATURES_HERE, used=USED)
    assert error.startswith("E503 column `item` is int64 in the data and `item` is string in the items table")
