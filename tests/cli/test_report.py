"""The forms of a diagnostic that are not text for people."""

from __future__ import annotations

import re

import pytest

from blockrec.cli import report
from blockrec.diagnostics import Diagnostic, Source, Span, render_all

SOURCE = Source("dir/a,b.yaml", "graph:\n  x: {block: din, in: y}\n")
FOUND = Diagnostic(
    "E207",
    "unknown input `y`, 100%\nof it",
    Span(SOURCE, 1, 22, 1),
    label="here",
    help="did you mean `x`?",
    notes=((Span(SOURCE, 1, 2, 1), "declared"),),
)
NOWHERE = Diagnostic("W501", "large")


def test_short_is_one_line_that_editors_jump_to() -> None:
    first = report.short(FOUND).splitlines()[0]
    assert first == "dir/a,b.yaml:2:23: error[E207]: unknown input `y`, 100%"
    assert report.short(NOWHERE) == "warning[W501]: large"


def test_json_counts_lines_and_columns_from_one() -> None:
    data = report.as_json(FOUND)
    assert (data["line"], data["column"], data["end_column"]) == (2, 23, 24)
    assert SOURCE.lines[data["line"] - 1][data["column"] - 1 : data["end_column"] - 1] == "y"
    assert data["severity"] == "error"
    assert data["notes"][0]["message"] == "declared"
    assert "file" not in report.as_json(NOWHERE)


def test_github_escapes_what_its_format_reserves() -> None:
    line = report.github(FOUND)
    assert "\n" not in line
    properties, _, message = line.removeprefix("::error ").partition("::")
    assert properties == "file=dir/a%2Cb.yaml,line=2,col=23,endColumn=24,title=E207"
    assert message.startswith("unknown input `y`, 100%25%0Aof it%0Ahelp: ")
    assert report.github(NOWHERE) == "::warning title=W501::large"


@pytest.mark.parametrize("found", [FOUND, NOWHERE])
def test_colours_change_nothing_but_colours(found: Diagnostic) -> None:
    painted = report.text([found], color=True)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render_all([found])
