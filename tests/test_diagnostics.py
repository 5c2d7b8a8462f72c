"""The text of diagnostics: form, order, places under wide characters, long lines, many of them."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.codes import CODES
from blockrec.diagnostics import (
    BlockrecError,
    Diagnostic,
    Diagnostics,
    Source,
    Span,
    did_you_mean,
    fail,
    nearest,
    render,
    render_all,
)
from blockrec.excerpt import WIDEST, Excerpt, width

TEXT = "graph:\n  a:       {block: din, in: {query: target, key: history}, hidden: [64]}\n"
SOURCE = Source("bad.yaml", TEXT)
KEY = Span(SOURCE, 1, 44, 3)


def test_the_form() -> None:
    d = Diagnostic("E203", "block `din` has no input port `key`", KEY, help="did you mean `keys`?")
    assert render(d).splitlines() == [
        "error[E203]: block `din` has no input port `key`",
        " --> bad.yaml:2:45",
        "  |",
        "2 |   a:       {block: din, in: {query: target, key: history}, hidden: [64]}",
        "  |                                             ^^^",
        "  = help: did you mean `keys`?",
    ]


def test_labels_notes_and_other_files() -> None:
    base = Source("base.yaml", "\n" * 11 + "b: 1\n")
    notes = ((Span(SOURCE, 0, 0, 5), "from here"), (Span(base, 11, 0, 1), "and here"))
    d = Diagnostic("W201", "node `a` reaches no task", Span(SOURCE, 1, 2, 1), label="unused", notes=notes)
    assert render(d).splitlines() == [
        "warning[W201]: node `a` reaches no task",
        "  --> bad.yaml:2:3",
        "   |",
        " 2 |   a:       {block: din, in: {query: target, key: history}, hidden: [64]}",
        "   |   ^ unused",
        "   ⋮",
        " 1 | graph:",
        "   | ----- from here",
        "   ::: base.yaml:12:1",
        "12 | b: 1",
        "   | - and here",
    ]


def test_without_a_place() -> None:
    assert (
        render(Diagnostic("E009", "there is no file `x`", help="y")) == "error[E009]: there is no file `x`\n  = help: y"
    )


def test_a_style_gets_every_part_and_may_not_change_the_text() -> None:
    d = Diagnostic("E203", "m", KEY, label="l", help="h", notes=((KEY, "n"),))
    roles: dict[str, list[str]] = {}

    def style(text: str, role: str) -> str:
        roles.setdefault(role, []).append(text)
        return f"<{text}>"

    assert re.sub(r"<(.*?)>", r"\1", render(d, style).replace("-->", "→")) == render(d).replace("-->", "→")
    assert set(roles) == {"error", "message", "margin", "place", "source", "note", "help"}
    assert roles["error"] == ["error[E203]", "^^^ l"] and roles["note"] == ["--- n"]


def column_of_marks(text: str) -> tuple[int, int]:
    """Where the marks of the first excerpt begin, and how many there are, in terminal columns."""
    line = next(line for line in text.splitlines() if "^" in line.partition("|")[2])
    after = line.partition("| ")[2]
    return len(after) - len(after.lstrip()), after.count("^")


@pytest.mark.parametrize(
    ("line", "word", "column", "count"),
    [
        ("a: bad", "bad", 3, 3),
        ("價格: bad", "bad", 6, 3),
        ("a: 價格", "價格", 3, 4),
        ("a:\tbad", "bad", 6, 3),
        ("e\u0301: bad", "bad", 3, 3),
        ("🙂: bad", "bad", 4, 3),
    ],
)
def test_marks_stand_below_the_place(line: str, word: str, column: int, count: int) -> None:
    at = Span(Source("t", line), 0, line.index(word), len(word))
    assert column_of_marks(render(Diagnostic("E101", "m", at))) == (column, count)


@pytest.mark.parametrize("place", [0, 30, 200, 4990])
def test_long_lines_are_cut_around_the_place(place: int) -> None:
    line = "a" * place + "XYZ" + "b" * (5000 - place)
    text = render(Diagnostic("E101", "m", Span(Source("t", line), 0, place, 3)))
    shown = text.splitlines()[3].partition("| ")[2]
    column, count = column_of_marks(text)
    assert len(shown) <= WIDEST and shown[column : column + 3] == "XYZ" and count == 3
    assert shown.startswith("…") == (place > WIDEST) and shown.endswith("…") == (place < 4900)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\n\r\x85\u2028\u2029"), max_size=400), st.data())
def test_any_line_and_place(line: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(0, len(line)))
    length = data.draw(st.integers(1, 500))
    shown = Excerpt.of(line, column, length)
    assert width(shown.text) <= WIDEST + 2 and shown.length >= 1 and 0 <= shown.column <= WIDEST
    assert all(c.isprintable() or unicodedata.combining(c) for c in shown.text)
    assert render(Diagnostic("E101", "m", Span(Source("t", line), 0, column, length)))


def test_a_file_cannot_paint_the_terminal() -> None:
    at = Span(Source("x\x1b[31m.yaml", "a: \x1b[2J"), 0, 3, 4)
    assert "\x1b" not in render(Diagnostic("E001", "bad \x1b[31m key\nname", at, help="no \x07"))
    assert len(render(Diagnostic("E001", "two\nlines")).splitlines()) == 1


def test_lines_end_where_yaml_ends_them() -> None:
    assert Source("t", "a\nb\r\nc\rd\x85e\u2028f\u2029g").lines == list("abcdefg")


def test_places() -> None:
    assert KEY.text == "key" and str(KEY) == "bad.yaml:2:45"
    assert KEY.inside(1, 0).text == "e" and Span(SOURCE, 99, 0, 1).text == ""
    assert render(Diagnostic("E101", "m", Span(SOURCE, 99, 0, 1))).splitlines()[3] == "100 | "


def test_collecting() -> None:
    report = Diagnostics()
    report.warn("W201", "later", KEY)
    report.error("E101", "no place")
    report.error("E203", "first", Span(SOURCE, 0, 0, 5))
    report.error("E203", "first", Span(SOURCE, 0, 0, 5))
    report.error("E203", "first", Span(Source("other.yaml", ""), 0, 0, 5))
    assert [d.message for d in report] == ["no place", "first", "later", "first"] and len(report) == 4
    assert [d.code for d in report.errors] == ["E101", "E203", "E203"] and len(report.warnings) == 1
    assert report.failed
    with pytest.raises(BlockrecError, match="no place"):
        report.raise_errors()


def test_warnings_alone_do_not_fail() -> None:
    report = Diagnostics()
    report.warn("W201", "m")
    report.raise_errors()
    assert not report.failed


def test_codes_are_in_the_table() -> None:
    with pytest.raises(AssertionError, match="E999"):
        Diagnostics().error("E999", "m")
    assert all(re.fullmatch(r"[EW]\d{3}", code) and title for code, title in CODES.items())
    assert list(CODES) == sorted(CODES)


def test_many_are_counted() -> None:
    report = Diagnostics()
    for i in range(27):
        report.error("E101", f"mistake {i}", Span(SOURCE, 0, i, 1))
    text = str(BlockrecError(report))
    assert text.count("error[") == 20 and text.endswith("… and 7 more") and "mistake 19" in text
    assert str(report) == text == render_all(list(report))


def test_an_error_of_one_diagnostic() -> None:
    error = fail("E501", "there is no file", KEY, help="get it")
    assert str(error) == render(Diagnostic("E501", "there is no file", KEY, help="get it"))


def test_near_names() -> None:
    names = ["keys", "query", "Values"]
    assert nearest("key", names) == "keys" and nearest("values", names) == "Values" and nearest("zzz", names) is None
    assert did_you_mean("qery", names) == "did you mean `query`?" and did_you_mean(3, names, "ports: …") == "ports: …"
    assert nearest("QUERY", ["queri", "query"]) == "query"


@pytest.mark.parametrize(
    "word", ["behavior_7", "behaviours_7", "behavoirs_7", "behaviors_", "BEHAVIORS_7", "behaviors_7x"]
)
def test_a_misspelt_one_of_thousands(word: str) -> None:
    names = [*(f"item_{i}" for i in range(5000)), "behaviors_7"]
    assert nearest(word, names) == "behaviors_7"
    assert nearest("zzz", names) is None
