"""Parts of texts and lists as columns of their own, and files whose values several characters divide."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockrec.data.sources import csv_pieces
from blockrec.data.sources.csv import CsvForm, Replacement, csv_columns
from blockrec.data.sources.tables import Files, Need
from blockrec.data.sources.words import Word
from blockrec.diagnostics import Diagnostics, Source, Span
from tests.data.conftest import FEATURES, Project

AT = Span(Source("model.yaml", "data"), 0, 0, 4)


@given(st.lists(st.none() | st.lists(st.text("ab", min_size=1), max_size=4)), st.sampled_from([" ", "|", ", "]))
def test_words_of_texts_and_lists_are_their_ends(rows: list[list[str] | None], separator: str) -> None:
    lists = pa.array(rows, pa.list_(pa.string()))
    texts = pa.array([None if row is None else separator.join(row) for row in rows], pa.string())
    for take, place in (("first", 0), ("last", -1)):
        word = Word("x", separator, take)
        expected = [row[place] if row else None for row in rows]
        assert word.of(lists).to_pylist() == word.of(texts).to_pylist() == expected


def test_words_of_a_slice_and_of_numbers() -> None:
    lists = pa.array([[1], [2, 3], None, [4, 5]]).slice(1)
    assert Word("x", " ", "last").of(lists).to_pylist() == [3, None, 5]
    assert Word("x", ",", "first").of(pa.array([39, None])).to_pylist() == ["39", None]
    assert Word("x", " ", "last").of(pa.array(["RED LAMP ", " "])).to_pylist() == ["LAMP", None]


@given(st.text("a:b", max_size=30), st.lists(st.integers(1, 5)))
def test_a_delimiter_is_replaced_wherever_a_piece_ends(text: str, sizes: list[int]) -> None:
    data, replace, pieces = text.encode(), Replacement(b"::", b"\x1f"), []
    for size in sizes:
        piece, data = data[:size], data[size:]
        pieces += [piece] if piece else []
    made = b"".join(replace(pa.py_buffer(piece)) for piece in [*pieces, *([data] if data else []), b""])
    assert made == text.encode().replace(b"::", b"\x1f")


@pytest.mark.parametrize("named", [True, False])
def test_a_delimiter_of_two_characters(tmp_path: Path, named: bool) -> None:
    path, columns = tmp_path / "movies.dat", ("id", "title", "genres")
    head = "" if named else "::".join(columns) + "\n"
    path.write_text(head + '1::"Star: Wars (1977)::Action|Sci-Fi\n2::Amélie::Comedy\n', "latin-1")
    form, report = CsvForm("::", columns if named else (), "latin-1", quoted=False), Diagnostics()
    assert csv_columns(path, form) == list(columns)
    found = Files((path,), form, AT).read({"title": Need("any"), "id": Need("int")}, report)
    assert found is not None, str(report)
    assert found[0].to_pydict() == {"title": ['"Star: Wars (1977)', "Amélie"], "id": [1, 2]}


@pytest.mark.parametrize("large", [False, True])
def test_text_that_looks_like_numbers(tmp_path: Path, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_pieces, "WHOLE", 0 if large else 1 << 26)
    path = tmp_path / "log.csv"
    path.write_text("id,code,n\n007,1e5,1\n08,2,\n,3,3\n")
    form, report = CsvForm(",", (), "utf-8", text=("id", "code")), Diagnostics()
    found = Files((path,), form, AT).read({name: Need("any") for name in ("id", "code", "n")}, report)
    assert found is not None, str(report)
    assert found[0].to_pydict() == {"id": ["007", "08", None], "code": ["1e5", "2", "3"], "n": [1, None, 3]}


LOG = "events: log.csv\nwords: {kind: {column: name, take: last}}\nitems: {attributes: [kind]}\n"
DATA = LOG + "samples: {label: {click: rating >= 4}}\nsplit: {by: leave_last, valid: 0, test: 0}\n"
ITEMS = """
events: log.csv
items: {key: item, table: items.csv, words: {kind: {column: genres, separator: "|"}}}
samples: {label: {click: rating >= 4}}
split: {by: leave_last, valid: 0, test: 0}
"""


@pytest.mark.parametrize("data", [DATA, ITEMS], ids=["log", "items"])
def test_a_word_is_a_column_like_others(project: Project, data: str) -> None:
    """Of the log and of the table of items; the column that it is made from need not be read."""
    project.text("log.csv", "user,item,time,rating,name\n1,1,1,5,RED LAMP\n1,2,2,1,BLUE MUG\n1,3,3,4,BIG LAMP\n")
    project.text("items.csv", "item,genres\n1,LAMP|X\n2,MUG\n3,LAMP|Y|Z\n")
    dataset = project.dataset(data, FEATURES + "kind: {vocab: auto}\n", used=("kind", "click"))
    (batch,) = dataset.splits["train"].batches(10)
    assert dataset.values["kind"].values.to_pylist() == ["LAMP", "MUG"]
    assert batch["kind"].tolist() == [1, 2, 1]  # type: ignore[union-attr]


def test_another_part_is_another_log(project: Project) -> None:
    """What was built for the first word is not taken for the last one."""
    project.text("log.csv", "user,item,time,rating,name\n1,1,1,5,RED LAMP\n1,2,2,1,BLUE MUG\n")
    last = project.dataset(DATA, FEATURES + "kind: {vocab: auto}\n", used=("kind", "click"))
    first = project.dataset(
        DATA.replace("last}", "first}", 1), FEATURES + "kind: {vocab: auto}\n", used=("kind", "click")
    )
    assert [d.values["kind"].values.to_pylist() for d in (last, first)] == [["LAMP", "MUG"], ["BLUE", "RED"]]


def test_a_word_of_no_column_is_reported(project: Project) -> None:
    project.text("log.csv", "user,item,time,rating,names\n1,1,1,5,RED LAMP\n1,2,2,1,BLUE MUG\n")
    (error,) = project.errors(DATA, FEATURES + "kind: {vocab: auto}\n", used=("click",))
    assert error.startswith("E502 the file has no column `name` [did you mean `names`?] at name")
