"""Rows with lists: what a batch has is what the file says, whatever its form and however it is cut into pieces."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockrec.data import Dataset
from blockrec.data.rows_source import pieces
from blockrec.jagged import Jagged
from tests.data.conftest import Project

FEATURES = """
user: {vocab: auto}
item: {vocab: auto}
price: {dense: 1, norm: zscore, default: 0}
size: {buckets: 3}
tags: {vocab: auto, pool: mean}
behaviors:
  max_len: 3
  fields: {item: {like: item}, place: {position: from_end}, stars: {raw: int64}}
"""
USED = (
    "user",
    "item",
    "price",
    "size",
    "tags",
    "behaviors.item",
    "behaviors.place",
    "behaviors.stars",
    "click",
    "shop",
)
DATA = "train: rows.FORM\nsplit: {valid: 0, test: 0}"
few = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

steps = st.lists(st.tuples(st.integers(0, 5), st.integers(-9, 9)), max_size=6)
row = st.fixed_dictionaries(
    {
        "user": st.one_of(st.none(), st.sampled_from("abc")),
        "item": st.integers(0, 5),
        "price": st.one_of(st.none(), st.floats(-5, 5).map(lambda x: round(x, 3))),
        "size": st.one_of(st.none(), st.integers(-5, 5)),
        "tags": st.lists(st.sampled_from("xyz"), max_size=3),
        "shop": st.sampled_from("pq"),
        "steps": steps,
    }
)


def table(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found = {name: [r[name] for r in rows] for name in ("user", "item", "price", "size", "tags", "shop")}
    found["behaviors_item"] = [[a for a, _ in r["steps"]] for r in rows]
    found["behaviors_stars"] = [[b for _, b in r["steps"]] for r in rows]
    return {**found, "click": [i % 2 for i in range(len(rows))]}


SCHEMA = pa.schema(
    [
        ("user", pa.string()),
        ("item", pa.int64()),
        ("price", pa.float64()),
        ("size", pa.int64()),
        ("tags", pa.list_(pa.string())),
        ("shop", pa.string()),
        ("behaviors_item", pa.list_(pa.int32())),
        ("behaviors_stars", pa.large_list(pa.int64())),
        ("click", pa.int8()),
    ]
)


def write(path: Path, columns: dict[str, list[Any]]) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns, SCHEMA), path, row_group_size=2)
    elif path.suffix == ".arrow":
        feather.write_feather(pa.table(columns, SCHEMA), path, chunksize=3, compression="uncompressed")
    elif path.suffix == ".jsonl":
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    else:
        lines = [",".join(columns)]
        lines += [",".join(map(_text, values)) for values in zip(*columns.values(), strict=True)]
        path.write_text("\n".join(lines) + "\n", "utf-8")


def _text(value: Any) -> str:
    return "" if value is None else "|".join(map(str, value)) if isinstance(value, list) else str(value)


def plain(dataset: Dataset) -> dict[str, Any]:
    """The training samples in their order, as lists."""
    found: dict[str, list[Any]] = {}
    for batch in dataset.splits["train"].batches(2):
        for name, value in batch.items():
            rows = found.setdefault(name, [])
            if isinstance(value, Jagged):
                ends = value.offsets.tolist()
                rows += [value.values[a:b].tolist() for a, b in itertools.pairwise(ends)]
            else:
                rows += value.tolist()
    return found


@given(rows=st.lists(row, min_size=4, max_size=12), size=st.sampled_from([1, 200, 1 << 25]))
@few
@pytest.mark.parametrize("form", ["parquet", "arrow", "jsonl", "csv"])
def test_a_batch_has_what_the_file_says(
    new_project: Callable[[], Project],
    form: str,
    rows: list[dict[str, Any]],
    size: int,
) -> None:
    project, columns = new_project(), table(rows)
    write(project.folder / f"rows.{form}", columns)
    data = DATA.replace("FORM", form) + ("\ncsv: {lists: '|'}" if form == "csv" else "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "BYTES", size)
        found = plain(project.dataset(data, FEATURES, used=USED))
    items = sorted({*columns["item"], *(i for steps in columns["behaviors_item"] for i in steps)})
    users, tags = sorted({u for u in columns["user"] if u}), sorted({t for ts in columns["tags"] for t in ts})
    assert found["item"] == [1 + items.index(i) for i in columns["item"]]
    assert found["user"] == [0 if u is None else 1 + users.index(u) for u in columns["user"]]
    assert found["tags"] == [[1 + tags.index(t) for t in ts] for ts in columns["tags"]]
    assert found["behaviors.item"] == [[1 + items.index(i) for i in seen[-3:]] for seen in columns["behaviors_item"]]
    assert found["behaviors.stars"] == [seen[-3:] for seen in columns["behaviors_stars"]]
    assert found["behaviors.place"] == [list(range(min(3, len(seen)), 0, -1)) for seen in columns["behaviors_item"]]
    assert found["click"] == columns["click"]
    prices = [p or 0 for p in columns["price"]]
    mean = sum(prices) / len(prices)
    deviation = (sum((p - mean) ** 2 for p in prices) / len(prices)) ** 0.5
    expected = [(p - mean) / (deviation if deviation > 0 else 1) for p in prices]
    assert [value for (value,) in found["price"]] == pytest.approx(expected, abs=1e-4)
    assert [b == 0 for b in found["size"]] == [s is None for s in columns["size"]]
    same_shop = [(a == b) for a in found["shop"] for b in found["shop"]]
    assert same_shop == [(a == b) for a in columns["shop"] for b in columns["shop"]]


def test_buckets_are_quantiles_of_all_rows(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.parquet("rows.parquet", size=list(range(90)), click=[0, 1] * 45)
    monkeypatch.setattr(pieces, "BYTES", 64)
    found = plain(project.dataset(DATA.replace("FORM", "parquet"), "size: {buckets: 3}", used=("size", "click")))
    assert found["size"] == [1] * 30 + [2] * 30 + [3] * 30


@pytest.fixture
def shop(project: Project) -> Project:
    project.parquet(
        "rows.parquet",
        item=[1, 2, 3, 4],
        when=[10, 20, 30, 40],
        history=[[1, 2], [], None, [3]],
        stars=[[5, 1], [], None, [4]],
        at=[[7, 9], [], None, [40]],
        click=[0, 1, 0, 1],
    )
    return project


def test_a_field_names_its_column(shop: Project) -> None:
    features = "item: {vocab: 10}\nseen: {fields: {item: {like: item, column: history}}}"
    found = plain(shop.dataset(DATA.replace("FORM", "parquet"), features, used=("seen.item", "click")))
    assert found["seen.item"] == [[1, 2], [], [], [3]]


def test_lists_of_structures(project: Project) -> None:
    steps = [[{"item": 1, "stars": 5}, {"item": 2, "stars": None}], [], None, [{"item": 3, "stars": 4}]]
    project.parquet("rows.parquet", click=[0, 1, 0, 1], seen=steps)
    features = "seen: {fields: {item: {vocab: 10}, stars: {raw: int64, default: 0}}}"
    used = ("seen.item", "seen.stars", "click")
    found = plain(project.dataset(DATA.replace("FORM", "parquet"), features, used=used))
    assert found["seen.item"] == [[1, 2], [], [], [3]] and found["seen.stars"] == [[5, 0], [], [], [4]]


WORDS = pa.array([["b", "a"], [], None, ["c", None, "a"]], pa.list_(pa.string()))


@pytest.mark.parametrize(
    "column",
    [
        WORDS,
        WORDS.cast(pa.large_list(pa.large_string())),
        pa.LargeListArray.from_arrays(pa.array([0, 2, 2, 2, 5], pa.int64()), WORDS.values.dictionary_encode()),
    ],
)
def test_texts_in_lists(project: Project, column: Any) -> None:
    project.parquet("rows.parquet", click=[0, 1, 0, 1], seen_word=column)
    features = "seen: {fields: {word: {vocab: auto}}}"
    dataset = project.dataset(DATA.replace("FORM", "parquet"), features, used=("seen.word", "click"))
    assert plain(dataset)["seen.word"] == [[2, 1], [], [], [3, 0, 1]]


def test_labels_of_steps(shop: Project) -> None:
    features = "seen: {fields: {item: {vocab: 10, column: history}, stars: {raw: int64, column: stars}}}"
    labels = "{click: {}, like: {column: seen.stars, at_least: 4}}"
    found = plain(shop.dataset(DATA.replace("FORM", "parquet"), features, labels, used=("seen.item", "like", "click")))
    assert found["like"] == [[1, 0], [], [], [1]]


def test_ages_of_steps(shop: Project) -> None:
    features = """
seen:
  max_len: 1
  fields:
    at: {raw: int64, column: at}
    age: {dense: 1, calendar: minutes_since(at), unit: s}
"""
    used = ("seen.at", "seen.age", "click")
    data = DATA.replace("FORM", "parquet") + "\ntime: when"
    found = plain(shop.dataset(data, features, used=used))
    ages = [[value for (value,) in row] for row in found["seen.age"]]
    assert ages == [pytest.approx([1 / 60]), [], [], pytest.approx([0])]


def test_where_leaves_rows_out(shop: Project) -> None:
    data = DATA.replace("FORM", "parquet") + "\nwhere: when >= 20"
    found = plain(shop.dataset(data, "item: {vocab: 10}", used=("item", "click")))
    assert found["item"] == [2, 3, 4]


def test_files_of_their_own_validate_and_test(project: Project) -> None:
    for name, items in (("a1", [1, 2]), ("a2", [3]), ("v", [3, 9]), ("t", [2])):
        project.parquet(f"{name}.parquet", item=items, click=[i % 2 for i in items])
    dataset = project.dataset(
        "train: a*.parquet\nvalid: [v.parquet]\ntest: t.parquet", "item: {vocab: auto}", used=("item", "click")
    )
    assert {name: split.rows for name, split in dataset.splits.items()} == {"train": 3, "valid": 2, "test": 1}
    (batch,) = dataset.splits["valid"].batches(5)
    assert batch["item"].tolist() == [3, 0]  # type: ignore[union-attr]
    (batch,) = dataset.splits["test"].batches(5)
    assert batch["item"].tolist() == [2]  # type: ignore[union-attr]


def test_nothing_is_built_twice(shop: Project) -> None:
    for _ in range(2):
        shop.dataset(DATA.replace("FORM", "parquet"), "item: {vocab: 10}", used=("item", "click"))
    assert len(list((shop.folder / "cache").glob("rows-*"))) == 1


def test_packed_files(project: Project) -> None:
    with gzip.open(project.folder / "rows.csv.gz", "wt", encoding="utf-8") as file:
        file.write("item,seen_item,click\n1,2|3,0\n4,,1\n")
    features = "item: {vocab: 10}\nseen: {fields: {item: {like: item}}}"
    data = DATA.replace("FORM", "csv.gz") + "\ncsv: {lists: '|'}"
    found = plain(project.dataset(data, features, used=("item", "seen.item", "click")))
    assert found == {"seen.item": [[2, 3], []], "item": [1, 4], "click": [0, 1]}


def test_a_default_stands_for_null_and_nan(project: Project) -> None:
    steps = [[1.0, float("nan")], [], [None, 2.0], [4.0]]
    project.parquet("rows.parquet", x=[1.0, float("nan"), None, 5.0], seen_x=steps, click=[0, 1, 0, 1])
    features = "x: {dense: 1, default: 7}\nseen: {fields: {x: {dense: 1, default: 9}}}"
    found = plain(project.dataset(DATA.replace("FORM", "parquet"), features, used=("x", "seen.x", "click")))
    assert found["x"] == [[1], [7], [7], [5]] and found["seen.x"] == [[[1], [9]], [], [[9], [2]], [[4]]]
