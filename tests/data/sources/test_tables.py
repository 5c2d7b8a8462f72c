"""Files of every kind give the same columns."""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from blockrec.data.sources.csv import CsvForm
from blockrec.data.sources.tables import Files, Need
from blockrec.diagnostics import Diagnostics, Source, Span

AT = Span(Source("model.yaml", "data"), 0, 0, 4)
FORM = CsvForm(",", (), "utf-8")


def read(path: Path, *names: str, form: CsvForm = FORM) -> pa.Table:
    report = Diagnostics()
    found = Files((path,), form, AT).read({name: Need("any") for name in names}, report)
    assert found is not None, str(report)
    return found[0]


TEXT = pa.array(["a", None, "c"])
MOMENT = dt.datetime(2024, 5, 31, 23, 59, tzinfo=dt.timezone.utc)
MICROSECONDS = int(MOMENT.timestamp() * 1_000_000)


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_text_is_text(tmp_path: Path, kind: pa.DataType, suffix: str) -> None:
    table = pa.table({"x": TEXT.cast(kind) if not pa.types.is_dictionary(kind) else TEXT.dictionary_encode()})
    path = tmp_path / f"log.{suffix}"
    pq.write_table(table, path) if suffix == "parquet" else feather.write_feather(table, path)
    column = read(path, "x").column("x")
    assert column.type == pa.string() and column.to_pylist() == ["a", None, "c"]


@pytest.mark.parametrize("kind", [pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("ms", "UTC")])
def test_times_are_microseconds(tmp_path: Path, kind: pa.DataType) -> None:
    pq.write_table(
        pa.table({"x": pa.array([MICROSECONDS]).cast(pa.timestamp("us")).cast(kind)}), tmp_path / "log.parquet"
    )
    column = read(tmp_path / "log.parquet", "x").column("x")
    assert column.type == pa.timestamp("us") and column.cast(pa.int64()).to_pylist() == [MICROSECONDS]


def test_times_in_csv_are_microseconds_too(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("x,y\n2024-05-31 23:59:00,1\n", "utf-8")
    assert read(tmp_path / "log.csv", "x").column("x").cast(pa.int64()).to_pylist() == [MICROSECONDS]


def test_decimals_are_numbers(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [decimal.Decimal("1.50")]}), tmp_path / "log.parquet")
    assert read(tmp_path / "log.parquet", "x").column("x").to_pylist() == [1.5]


def test_only_the_columns_that_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("x,y,z\n1,2,3\n", "utf-8")
    assert read(tmp_path / "log.csv", "z", "x").column_names == ["z", "x"]


def test_text_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes("x\nAmélie\n".encode("latin-1"))
    report = Diagnostics()
    assert Files((tmp_path / "log.csv",), FORM, AT).read({"x": Need("any")}, report) is None
    (error,) = report.errors
    assert error.code == "E503" and "not utf-8" in error.message and "latin-1" in error.help
    assert read(tmp_path / "log.csv", "x", form=CsvForm(",", (), "latin-1")).column("x").to_pylist() == ["Amélie"]


def test_a_row_is_placed_in_its_file(tmp_path: Path) -> None:
    paths = tuple(tmp_path / name for name in ("a.csv", "b.csv"))
    for path in paths:
        path.write_text("x\n1\n2\n", "utf-8")
    found = Files(paths, FORM, AT).read({"x": Need("any")}, Diagnostics())
    assert found is not None
    assert [found[1].place(row) for row in (0, 1, 2, 3)] == [
        "`a.csv`, row 2",
        "`a.csv`, row 3",
        "`b.csv`, row 2",
        "`b.csv`, row 3",
    ]
