"""Conditions agree with Python on every row; what they do not allow is a diagnostic at its place."""

from __future__ import annotations

import pyarrow as pa
import pytest

from blockrec.data.where import check_columns, parse
from blockrec.diagnostics import Diagnostics, Source, Span

ROWS = [
    {"rating": rating, "kind": kind, "price": price}
    for rating in (1, 3, 5, None)
    for kind in ("pv", "buy", None)
    for price in (0.5, -2.0, None)
]
TABLE = pa.Table.from_pylist(ROWS)


def mask(text: str) -> list[bool]:
    report = Diagnostics()
    condition = parse(text, Span(Source("model.yaml", text), 0, 0, len(text)), report)
    assert condition is not None, str(report)
    assert check_columns(condition, TABLE.column_names, report), str(report)
    found = condition.mask(TABLE, report)
    assert not report.failed, str(report)
    return [bool(x) for x in found]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("rating >= 3", lambda r: r["rating"] is not None and r["rating"] >= 3),
        ("3 <= rating", lambda r: r["rating"] is not None and r["rating"] >= 3),
        ("1 < rating <= 5", lambda r: r["rating"] is not None and 1 < r["rating"] <= 5),
        ("kind == 'pv'", lambda r: r["kind"] == "pv"),
        ("kind in ['pv', 'fav']", lambda r: r["kind"] == "pv"),
        ("rating in (1, 5)", lambda r: r["rating"] in (1, 5)),
        ("kind != null", lambda r: r["kind"] is not None),
        ("price == null", lambda r: r["price"] is None),
        ("price > -1.5", lambda r: r["price"] is not None and r["price"] > -1.5),
        ("rating > price", lambda r: None not in (r["rating"], r["price"]) and r["rating"] > r["price"]),
        ("not rating >= 3", lambda r: not (r["rating"] is not None and r["rating"] >= 3)),
        (
            "rating > 1 and kind == 'buy' or price < 0",
            lambda r: (
                (r["rating"] is not None and r["rating"] > 1 and r["kind"] == "buy")
                or (r["price"] is not None and r["price"] < 0)
            ),
        ),
    ],
)
def test_conditions_mean_what_python_means(text: str, plain) -> None:  # type: ignore[no-untyped-def]
    expected = [bool(plain(row)) for row in ROWS]
    assert mask(text) == expected
    assert any(expected) and not all(expected)


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [
        ("rating >", "E403", "rating >"),
        ("rating + 1 > 2", "E402", "rating + 1 > 2"),
        ("kind == 'pv' and open('x')", "E402", "open('x')"),
        ("rating", "E402", "rating"),
        ("1 < 2", "E402", "1 < 2"),
        ("kind in rating", "E402", "kind in rating"),
        ("__import__('os').getcwd() == 'x'", "E402", "__import__('os').getcwd() == 'x'"),
    ],
)
def test_what_is_not_allowed_is_marked(text: str, code: str, marked: str) -> None:
    report = Diagnostics()
    assert parse(text, Span(Source("model.yaml", text), 0, 0, len(text)), report) is None
    (error,) = report.errors
    assert error.code == code and error.at is not None
    assert text[error.at.column : error.at.column + error.at.length] == marked


def test_unknown_columns_are_marked_with_the_nearest() -> None:
    text, report = "ratting > 1 and kynd == 'pv'", Diagnostics()
    condition = parse(text, Span(Source("model.yaml", text), 0, 0, len(text)), report)
    assert condition is not None and not check_columns(condition, TABLE.column_names, report)
    assert [(d.code, d.help, d.at and d.at.column) for d in report.errors] == [
        ("E502", "did you mean `rating`?", 0),
        ("E502", "did you mean `kind`?", 16),
    ]


def test_a_comparison_that_the_type_does_not_allow() -> None:
    text, report = "kind > 3", Diagnostics()
    condition = parse(text, Span(Source("model.yaml", text), 0, 0, len(text)), report)
    assert condition is not None and not condition.mask(TABLE, report).any()
    assert [d.code for d in report.errors] == ["E503"]


def test_times_compare_with_text() -> None:
    text, report = "when >= '2024-05-02'", Diagnostics()
    condition = parse(text, Span(Source("model.yaml", text), 0, 0, len(text)), report)
    times = pa.array([1714521600, 1714608000, 1714694400], pa.int64()).cast(pa.timestamp("s"))
    table = pa.table({"when": times.cast(pa.timestamp("us"))})
    assert condition is not None and condition.mask(table, report).tolist() == [False, True, True]
