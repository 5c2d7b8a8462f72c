"""A file read in pieces is the file read at once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockrec.data.sources import csv_pieces as large
from blockrec.data.sources import pieces
from blockrec.data.sources.csv import CsvForm
from blockrec.data.sources.tables import Files, Need, Wanted
from blockrec.diagnostics import Diagnostics, Source, Span

AT = Span(Source("model.yaml", "data"), 0, 0, 4)
FORM = CsvForm(",", (), "utf-8")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few rows, and every CSV file counts as large."""
    monkeypatch.setattr(pieces, "ROWS", 3)
    monkeypatch.setattr(large, "WHOLE", 0)
    monkeypatch.setattr(large, "BLOCK", 64)


def read(path: Path, *names: str, kind: Wanted = "any") -> tuple[list[pa.Table], Diagnostics]:
    report = Diagnostics()
    files = Files((path,), FORM, AT)
    return [table for _, table in files.pieces({name: Need(kind) for name in names}, report)], report


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("rows", [0, 1, 10])
@pytest.mark.parametrize("kind", ["parquet", "arrow", "feather"])
def test_binary_files(tmp_path: Path, rows: int, kind: str) -> None:
    table = pa.table({"a": range(rows), "b": [["x"] * (i % 3) for i in range(rows)], "c": [None] * rows})
    path = tmp_path / f"log.{kind}"
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=4)
    elif kind == "feather":
        feather.write_feather(table, path, compression="lz4", chunksize=5)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            for batch in table.to_batches(max_chunksize=7):
                writer.write_batch(batch)
    found, report = read(path, *table.column_names[::-1])
    assert not report.failed and found and all(len(t) <= 3 for t in found)
    assert pa.concat_tables(found).to_pydict() == table.select(table.column_names[::-1]).to_pydict()


VALUES = st.sampled_from(["", "1", "20", "-3", "1.5", "true", "2024-05-31", "2024-05-31 23:59:00.5", "word"])


@pytest.mark.usefixtures("small")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(VALUES, VALUES), max_size=40))
def test_a_large_csv_file_has_the_types_of_the_whole(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in rows), "utf-8")
    whole = pacsv.read_csv(path, convert_options=pacsv.ConvertOptions(strings_can_be_null=True))
    types = large._types(path, FORM, {"a": "any", "b": "any"}, AT)
    assert types is not None
    parts = [*large._stream(path, FORM, ["a", "b"], types)]
    assert pa.concat_tables(parts).combine_chunks().equals(whole.combine_chunks())
    assert len(parts) > 2 or len(rows) < 20


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("last", "kind", "message"),
    [
        ("x,1", "int", "row 42, column `a`: `x` is not an integer"),
        ("x,1", "number", "row 42, column `a`: `x` is not a number"),
        ("1,2,3", "any", "row 42 has 3 values instead of 2"),
    ],
)
def test_mistakes_of_a_large_csv_file_have_their_row(tmp_path: Path, last: str, kind: Wanted, message: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text("a,b\n" + "1,2\n" * 40 + last + "\n", "utf-8")
    found, report = read(path, "a", "b", kind=kind)
    assert not found and message in report.errors[0].message


@given(lengths=st.lists(st.integers(0, 40), min_size=1, max_size=60), group=st.integers(1, 60))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_of_long_lists_have_few_rows(tmp_path: Path, lengths: list[int], group: int) -> None:
    path = tmp_path / "log.parquet"
    columns = {"seen": [[i] * n for i, n in enumerate(lengths)], "other": [[0] * 99] * len(lengths)}
    pq.write_table(pa.table(columns), path, row_group_size=group)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "VALUES", 50)
        found = [*pieces.parquet_pieces(path, ["seen"])]
    assert pa.concat_tables(found).column("seen").to_pylist() == columns["seen"]
    mean = sum(max(n, 1) for n in lengths) / len(lengths)
    assert all(len(piece) <= max(1, 50 / mean) for piece in found)
