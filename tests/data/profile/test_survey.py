"""What is found in files is what stands in them, however they are cut; and a proposal that can be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockrec.data import open_dataset
from blockrec.data.profile.proposal import Proposal, proposed
from blockrec.data.profile.roles import guesses
from blockrec.data.profile.stats import Stats
from blockrec.data.profile.survey import Survey, survey
from blockrec.data.sources.csv import CsvForm
from blockrec.data.sources.tables import Files
from blockrec.diagnostics import Diagnostics, Source, Span
from blockrec.language.document import load

AT = Span(Source("data", "data"), 0, 0, 4)
FORM = CsvForm(",", (), "utf-8")


def look(path: Path, form: CsvForm = FORM) -> Survey:
    return survey(Files((path,), form, AT), Diagnostics(), lambda _: None)


def parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


@settings(deadline=None, max_examples=50)
@given(
    rows=st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), st.integers(-9, 9)), max_size=5)), max_size=30),
    cut=st.integers(1, 9),
)
def test_lists(rows: list[list[int | None] | None], cut: int) -> None:
    stats = Stats("x")
    for start in range(0, max(len(rows), 1), cut):
        stats.add(pa.array(rows[start : start + cut], pa.list_(pa.int64())))
    values = [v for row in rows if row for v in row if v is not None]
    assert stats.rows == len(rows) and stats.nulls == rows.count(None)
    assert stats.values == len(values) and stats.distinct == len(set(values))
    assert (stats.low, stats.high) == ((min(values), max(values)) if values else (None, None))
    if rows:
        lengths = [len(row or []) for row in rows]
        assert stats.quantiles["max"] == max(lengths) and stats.quantiles["median"] == np.median(lengths)
    if values:
        assert stats.mean == pytest.approx(sum(values) / len(values))


def test_numbers_without_a_value(tmp_path: Path) -> None:
    found = look(parquet(tmp_path / "a.parquet", x=[1.0, float("nan"), None, 4.0], y=[True, False, None, True]))
    x, y = found.columns["x"], found.columns["y"]
    assert (x.nulls, x.low, x.high, x.mean, x.is_whole) == (2, 1, 4, 2.5, True)
    assert y.is_binary and y.nulls == 1


def test_members_of_structures_are_columns(tmp_path: Path) -> None:
    found = look(parquet(tmp_path / "a.parquet", seen=[[{"item": 1, "t": 2}], []], click=[0, 1]))
    assert [*found.columns] == ["click", "seen.item", "seen.t"] and found.columns["seen.item"].is_list


def roles(**columns: Any) -> dict[str, str]:
    found = Survey((), 4, {name: Stats(name) for name in columns})
    for name, values in columns.items():
        found.columns[name].rows = 0
        found.columns[name].add(pa.array(values))
    return {guess.stats.name: guess.role for guess in guesses(found)}


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("click", [0, 1, 1, 0], "label"),
        ("click", [0, 1, 2, 0], "id"),
        ("rating", [1, 5, 3, 2], "rating"),
        ("user_id", [1, 2, 3, 4], "user"),
        ("StockCode", ["a", "b", "c", "d"], "item"),
        ("timestamp", [1, 2, 3, 4], "time"),
        ("UnitPrice", [1, 2, 3, 4], "number"),
        ("shade", [1.5, 2.5, 1.0, 3.0], "number"),
        ("brand", ["a", "b", "a", "b"], "id"),
        ("words", [["a"], [], ["b", "c"], []], "list"),
        ("same", [7, 7, 7, 7], "unused"),
        ("nothing", [None] * 4, "unused"),
    ],
)
def test_roles(name: str, values: list[Any], role: str) -> None:
    assert roles(**{name: values})[name] == role


def test_lists_of_the_same_lengths_are_fields_of_one_sequence() -> None:
    assert roles(seen_item=[[1], [2, 3]], seen_kind=[["a"], ["b", "c"]]) == {"seen_item": "field", "seen_kind": "field"}
    assert roles(seen_item=[[1], [2, 3]], seen_kind=[["a"], ["b"]]) == {"seen_item": "list", "seen_kind": "list"}


def rows_file(folder: Path) -> Path:
    count = [i % 4 for i in range(40)]
    return parquet(
        folder / "rows.parquet",
        UserId=[i % 7 for i in range(40)],
        product_id=[f"p{i % 9}" for i in range(40)],
        category=["a", "b"] * 20,
        price=[None if i % 5 == 0 else i / 3 for i in range(40)],
        tags=[["x"] * (i % 3) for i in range(40)],
        hist_item=[[f"p{j}" for j in range(n)] for n in count],
        hist_time=[list(range(n)) for n in count],
        moment=list(range(40)),
        click=[0, 1] * 20,
    )


def log_file(folder: Path) -> Path:
    lines = [f"u{i % 5},{i % 9},{1 + i % 5},{i}" for i in range(60)]
    path = folder / "log.csv"
    path.write_text("\n".join(["uid,movie_id,rating,ts", *lines, ""]), "utf-8")
    return path


def log_without_ratings(folder: Path) -> Path:
    lines = [f"{'' if i % 8 == 0 else i % 5};{i % 9};{i}" for i in range(60)]
    path = folder / "log.csv"
    path.write_text("\n".join(["customer;item;time", *lines, ""]), "utf-8")
    return path


def lists_in_csv(folder: Path) -> Path:
    lines = [f"{i % 9};{'|'.join(str(j) for j in range(i % 4))};{i % 2}" for i in range(60)]
    path = folder / "rows.csv"
    path.write_text("\n".join(["item;seen;click", *lines, ""]), "utf-8")
    return path


FORMS = {log_without_ratings: CsvForm(";", (), "utf-8"), lists_in_csv: CsvForm(";", (), "utf-8", lists="|")}


@pytest.mark.parametrize("write", [rows_file, log_file, log_without_ratings, lists_in_csv])
def test_a_proposal_checks_and_opens(tmp_path: Path, write: Any) -> None:
    form = FORMS.get(write, FORM)
    path = write(tmp_path)
    made = proposed("mine", str(path), look(path, form), form)
    report = Diagnostics()
    document = load({**made.card, "graph": {}}, report)
    assert document is not None and not report.failed, str(report)
    used = [*document.features.features, *document.features.labels]
    dataset = open_dataset(document.evaluated("data"), document.features, used, report, cache=tmp_path / "cache")
    assert dataset is not None, str(report)
    (batch, *_) = dataset.splits["train"].batches(8)
    assert set(batch) == set(used)


def test_texts_with_several_values_are_lists(tmp_path: Path) -> None:
    path = lists_in_csv(tmp_path)
    assert look(path, FORMS[lists_in_csv]).columns["seen"].quantiles["max"] == 3
    texts = look(path, CsvForm(";", (), "utf-8")).columns["seen"]
    assert not texts.is_list and texts.separator == "|"


def test_what_a_card_calls_things(tmp_path: Path) -> None:
    path = rows_file(tmp_path)
    made: Proposal = proposed("mine", str(path), look(path), FORM)
    features = made.card["features"]
    assert features["user"] == {"vocab": "auto", "column": "UserId"}
    assert features["behaviors"]["fields"]["item"] == {"like": "item", "column": "hist_item"}
    assert features["price"]["default"] == pytest.approx(6.6667, abs=0.01)
    assert made.card["data"]["time"] == "moment" and made.card["labels"] == {"click": {}}


def test_what_a_history_holds(tmp_path: Path) -> None:
    numbers = range(400)
    path = parquet(
        tmp_path / "log.parquet",
        user=[i % 7 for i in numbers],
        item=[i % 90 for i in numbers],
        time=[1_600_000_000 + i for i in numbers],
        invoice=[f"C{i}" for i in numbers],
        words=[f"a description of {i % 90}" for i in numbers],
        shop=["a", "b"] * 200,
        main_category_name=["x", "y", "z", "z"] * 100,
        sub_category=["x", "y", "z", "q"] * 100,
    )
    made = proposed("mine", str(path), look(path), FORM)
    features = made.card["features"]
    assert [*features["behaviors"]["fields"]] == ["item", "shop", "category", "sub_category", "position"]
    assert features["category"] == {"vocab": "auto", "column": "main_category_name"}
    assert [note for note in made.notes if "history" in note] == [
        f"{name}: nearly one text an item; not in the history" for name in ("invoice", "words")
    ]
    assert any("`unit: s`" in note for note in made.notes)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5, deadline=None)
@given(st.data())
def test_many_values_are_counted_up_to_a_bound(monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    monkeypatch.setattr("blockrec.data.profile.stats.COUNTED", 2000)
    stats = Stats("x")
    for _ in range(data.draw(st.integers(4, 8))):
        stats.add(pa.array(np.arange(stats.rows, stats.rows + 1000)))
    assert stats.full and 2000 < stats.distinct <= stats.rows and stats.words.size <= 5000
