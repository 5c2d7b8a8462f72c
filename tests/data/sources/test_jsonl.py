"""Lines of JSON: types of the whole file, whatever its blocks; nested values; mistakes with their line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from blockrec.data.sources import jsonl
from blockrec.data.sources.csv import CsvForm
from blockrec.data.sources.tables import Files, Need
from blockrec.diagnostics import Diagnostics, Source, Span

AT = Span(Source("model.yaml", "data"), 0, 0, 4)
ROWS = [
    {"id": 1, "price": 3, "seen": [1, 2], "time": "2024-05-31 23:59:00"},
    {"id": 2, "price": 2.5, "seen": [], "time": None},
    {"id": None, "price": None, "late": "x"},
]


def files(*paths: Path) -> Files:
    return Files(paths, CsvForm(",", (), "utf-8"), AT)


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as file:
        file.write(text)
    return path


@pytest.mark.parametrize("name", ["log.jsonl", "log.json", "log.ndjson", "log.jsonl.gz"])
@pytest.mark.parametrize("block", [1, 16, 1 << 20])
def test_lines_are_rows(tmp_path: Path, name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / name, ROWS)
    names = ["id", "price", "seen", "time"]
    assert files(path).columns(Diagnostics()) == [*names, "late"]
    monkeypatch.setattr(jsonl, "BLOCK", block)
    report = Diagnostics()
    pieces = [table for _, table in files(path).pieces({name: Need("any") for name in names}, report)]
    assert not report.failed and len({table.schema for table in pieces}) == 1
    table = pa.concat_tables(pieces)
    assert table.column("id").to_pylist() == [1, 2, None] and table.schema.field("price").type == pa.float64()
    assert table.column("seen").to_pylist() == [[1, 2], [], None]
    assert table.schema.field("time").type == pa.timestamp("us") and table.column("time").null_count == 2


def test_a_key_of_a_file_that_others_lack_is_no_column(tmp_path: Path) -> None:
    paths = written(tmp_path / "a.jsonl", ROWS), written(tmp_path / "b.jsonl", [{"id": 1, "more": 2}])
    assert files(*paths).columns(Diagnostics()) == ["id"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a": "x"}\n', "row 2: Column(/a) changed from number to string"),
        ('{"a": 1}\n{"a": 2}\n{"a":\n', "row 3: Invalid value."),
        ("[1, 2]\n", "row 1: Column() changed from object to array"),
    ],
)
@pytest.mark.parametrize("block", [1, 1 << 20])
def test_wrong_lines(tmp_path: Path, text: str, message: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "BLOCK", block)
    path = tmp_path / "log.jsonl"
    path.write_text(text, "utf-8")
    report = Diagnostics()
    list(files(path).pieces({"a": Need("any")}, report))
    (error,) = report.errors
    assert error.code == "E503" and str(path) in error.message
    assert message in error.message or (block == 1 and "do not agree on a type" in error.message)


def test_keys_that_nobody_reads_may_be_anything(tmp_path: Path) -> None:
    rows = [{"id": 1, "odd": 1}, {"id": 2, "odd": {"x": []}}, {"id": 3, "odd": {"x": 1}, "late": "y"}]
    found, report = files(written(tmp_path / "log.jsonl", rows)), Diagnostics()
    assert found.columns(report) == ["id", "odd", "late"]
    read = found.read({"late": Need("any"), "id": Need("any")}, report)
    assert read is not None and read[0].to_pydict() == {"late": [None, None, "y"], "id": [1, 2, 3]}


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("\n", "utf-8")
    report = Diagnostics()
    assert files(tmp_path / "log.jsonl").columns(report) == []
    assert "Empty JSON file" in report.errors[0].message
