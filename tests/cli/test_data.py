"""`data` looks at files, and at what a model wants beside what its data have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

MODEL = """
blockrec: 1
name: toy
features:
  item: {vocab: 50}
  wide: {vocab: 1000, column: item}
  small: {vocab: 20, column: item}
  price: {dense: 1}
  brand: {raw: int64}
  seen: {fields: {item: {like: item}}}
labels: [click]
graph:
  target: {block: embed, in: [item, wide, small], dim: 4}
  past: {block: embed, in: seen.item, dim: 4}
  mean: {block: mean_pool, in: past}
  deep: {block: mlp, in: [target, mean, price], hidden: [4]}
  logit: {block: linear, in: deep, out: 1}
outputs: {brand: brand}
tasks: {click: {logits: logit, loss: bce}}
data: {train: rows.parquet}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    table = {
        "item": [i % 40 for i in range(60)],
        "price": [None if i % 6 == 0 else i / 2 for i in range(60)],
        "brand": ["a", "b"] * 30,
        "seen_item": [[1] * (i % 5) for i in range(60)],
        "click": [int(i % 3 == 0) for i in range(60)],
    }
    pq.write_table(pa.table(table), tmp_path / "rows.parquet")
    (tmp_path / "model.yaml").write_text(MODEL, "utf-8")
    return tmp_path


def test_a_file(folder: Path, blockrec: Any) -> None:
    ended = blockrec("data", "rows.parquet")
    assert ended.code == 0 and ended.out.startswith("rows.parquet: 60 rows, 5 columns")
    line = next(line for line in ended.out.splitlines() if line.startswith("seen_item"))
    assert "list<int64>" in line and "length median 2, p90 4, p99 4, max 4" in line
    assert "--infer" in ended.err


def test_a_proposal_is_a_card(folder: Path, blockrec: Any) -> None:
    ended = blockrec("data", "*.parquet", "--infer")
    (folder / "card.yaml").write_text(ended.out, "utf-8")
    assert blockrec("data", "card.yaml").out.startswith("card.yaml: 4 columns for features")


@pytest.mark.parametrize("mark", ["\t", "\\t"])
def test_a_text_file_without_names(folder: Path, blockrec: Any, mark: str) -> None:
    (folder / "u.data").write_bytes("1\tcafé\n2\tthé\n".encode("latin-1"))
    how = ("--delimiter", mark, "--encoding", "latin-1")
    ended = blockrec("data", "u.data", *how, "--columns", "item,title", "--infer")
    assert ended.code == 0 and "columns: [item, title]" in ended.out and "encoding: latin-1" in ended.out
    assert "name the columns" in blockrec("data", "u.data", *how).err
    assert blockrec("data", "u.data", "--encoding", "latin-1").err.count(r'"1\tcafé"') == 1


def test_files_as_json(folder: Path, blockrec: Any) -> None:
    found = json.loads(blockrec("data", "rows.parquet", "--json").out)
    columns = {column["name"]: column for column in found["columns"]}
    assert found["rows"] == 60 and columns["price"]["nulls"] == 10 and columns["item"]["max"] == 39
    assert found["proposal"]["features"]["behaviors"]["fields"]["item"] == {"like": "item", "column": "seen_item"}


def test_a_model_beside_its_data(folder: Path, blockrec: Any) -> None:
    ended = blockrec("data", "model.yaml", "--json")
    found = json.loads(ended.out)
    notes = {feature["feature"]: (feature["wrong"], feature["note"]) for feature in found["features"]}
    assert ended.code == 2 and found["labels"] == {"click": pytest.approx(1 / 3)}
    assert notes["item"] == (False, "") and notes["seen.item"] == (False, "")
    assert notes["wide"] == (False, "the largest id is 39: 960 rows are never used")
    assert notes["small"] == (True, "the largest id is 39: `vocab: 40` or more, or `vocab: auto`")
    assert notes["price"] == (True, "10 rows have no value: `default:`")
    assert notes["brand"] == (True, "a number is wanted; the column has texts such as `a`")
    text = blockrec("data", "model.yaml").out
    assert "WRONG: 10 rows have no value" in text and "label click: mean 0.3333" in text


LOG = """
blockrec: 1
name: log
features: {item: {vocab: auto}, hour: {calendar: hour, column: time}}
labels: [like]
graph: {v: {block: embed, in: [item, hour], dim: 2}, y: {block: linear, in: v, out: 1}}
tasks: {like: {logits: y, loss: bce}}
data: {events: log.parquet, where: stars > 0, samples: {label: {like: stars >= 4}}}
"""


def test_labels_of_conditions_and_times_in_another_unit(folder: Path, blockrec: Any) -> None:
    times = [1_600_000_000_000 + i for i in range(12)]
    columns = {"user": [1, 2] * 6, "item": ["a", "b", "c"] * 4, "time": times, "stars": [0, 5, 1] * 4}
    pq.write_table(pa.table(columns), folder / "log.parquet")
    (folder / "log.yaml").write_text(LOG, "utf-8")
    found = json.loads(blockrec("data", "log.yaml", "--json").out)
    notes = {feature["feature"]: (feature["wrong"], feature["note"]) for feature in found["features"]}
    assert found["labels"] == {"like": 0.5}
    assert notes["hour"] == (True, "before 1974 in microseconds: `unit: ms`")
    proposal = blockrec("data", "log.parquet", "--infer").out
    assert "`unit: ms`" in proposal and "time: whole numbers" in proposal


def test_a_file_without_rows_has_no_proposal(folder: Path, blockrec: Any) -> None:
    (folder / "empty.csv").write_text("user,item,time\n", "utf-8")
    assert blockrec("data", "empty.csv").code == 0
    ended = blockrec("data", "empty.csv", "--infer")
    assert ended.code == 2 and "error[E501]: `empty.csv` has columns and no rows" in ended.err


def test_mistakes(folder: Path, blockrec: Any) -> None:
    assert blockrec("data", "no.csv").err.startswith("error[E501]: no file `no.csv`")
    assert blockrec("data", "nothing").err.startswith("error[E009]")
    ended = blockrec("data", "model.yaml", "--infer")
    assert ended.code == 3 and "which says what its features are" in ended.err
    ended = blockrec("data", "model.yaml", "--set", "data.train=other.parquet")
    assert ended.code == 2 and "error[E501]: no file" in ended.err
