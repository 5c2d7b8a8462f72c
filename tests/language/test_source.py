"""What YAML is refused, at which place, and that values know where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blockrec.diagnostics import Diagnostics, Source
from blockrec.language.source import MAX_BYTES, MAX_DEPTH, read_map, read_value
from blockrec.language.values import UNKNOWN, List, Map


def read(text: str) -> tuple[Any, list[str]]:
    report = Diagnostics()
    result = read_value(Source("t", text), report)
    return result and result[0], [f"{d.code} {d.at.line + 1}:{d.at.column + 1}" for d in report if d.at]


REFUSED = [
    ("a: b: c", "E001 1:5"),
    ("a: {b: 1\nc: 2\n", "E001 2:2"),
    ("a: {b: 1\n", "E001 1:4"),
    ("a: [1, 2", "E001 1:4"),
    ("a: 'x\n", "E001 1:4"),
    ('a: "x\\q"', "E001 1:6"),
    ("a: @x", "E001 1:4"),
    ("a: {b: 1}}", "E001 1:10"),
    ("- a\nb: 1", "E001 2:1"),
    ("a: 1\n b: 2\n", "E001 2:3"),
    ("%FOO\n---\na: 1", "E001 1:5"),
    ("a: \x07", "E001 1:4"),
    ("a: 1\na: 2", "E002 2:1"),
    ("x: {a: 1, a: 2}", "E002 1:11"),
    ("a: &x 1", "E003 1:4"),
    ("b: *x", "E003 1:4"),
    ("*x : 1", "E003 1:1"),
    ("<<: {a: 1}", "E003 1:1"),
    ("a: !!int 3", "E004 1:4"),
    ("a: !own {b: 1}", "E004 1:4"),
    ("a: 1\n---\nb: 2", "E005 2:1"),
    ("a:\n\tb: 1\n", "E006 2:1"),
    ("a:\n  \tb: 1\n", "E006 2:3"),
    ("? [a]\n: 2\n", "E101 1:3"),
    ("[" * 100, f"E008 1:{MAX_DEPTH + 1}"),
    ("{a: " * 100, f"E008 1:{4 * MAX_DEPTH + 1}"),
]


@pytest.mark.parametrize(("text", "place"), REFUSED)
def test_refused(text: str, place: str) -> None:
    assert read(text)[1] == [place]


@pytest.mark.parametrize(
    "text", ["<<: 1", "'<<': 1", "a: '&x'", "a: '*x'", "---\na: 1\n...\n", "a: x&y", "a:\t1", "a: '\tx'"]
)
def test_lookalikes(text: str) -> None:
    assert (read(text)[1] == []) == (text != "<<: 1")


@pytest.mark.parametrize(
    ("text", "what"), [("", "empty"), ("# nothing\n", "empty"), ("- a\n", "list"), ("a\n", "one value")]
)
def test_a_file_is_a_mapping(text: str, what: str) -> None:
    report = Diagnostics()
    assert read_map(Source("t", text), report) is None
    assert [d.code for d in report] == ["E007"] and what in str(report)


def test_both_places_of_a_duplicate_key() -> None:
    report = Diagnostics()
    value = read_map(Source("t", "a: 1\nb: 2\na: 3\n"), report)
    (duplicate,) = report
    assert value == {"a": 1, "b": 2}
    assert [(str(at), text) for at, text in duplicate.notes] == [("t:1:1", "first defined here")]


def test_a_mistake_leaves_the_rest() -> None:
    value, _ = read("a: *x\nb: {c: !t 1, d: 2}\n")
    assert value == {"a": UNKNOWN, "b": {"c": UNKNOWN, "d": 2}}


CUT = [
    ("x: {out: $(min(a, b)), d: 1}", '"$(min(a, b))"', {"out": UNKNOWN, "d": 1}),
    ("x: {out: $(min(a, max(b, c), d)), d: 1}", '"$(min(a, max(b, c), d))"', {"out": UNKNOWN, "d": 1}),
    ("x: [$(min(a, b)), 1]", '"$(min(a, b))"', [UNKNOWN, 1]),
    ("x: [$(max([1, 2]))]", '"$(max([1, 2]))"', None),
    ('x: {out: $(min("a", b))}', "'$(min(\"a\", b))'", {"out": UNKNOWN}),
    ("x: {out: $(min(a, b}", '"$(min(a, b}"', {"out": UNKNOWN}),
]


@pytest.mark.parametrize(("text", "quoted", "rest"), CUT)
def test_a_comma_cuts_an_expression(text: str, quoted: str, rest: Any) -> None:
    """One diagnostic at the expression, the way out spelled, no follow-up errors; what follows is read on."""
    report = Diagnostics()
    result = read_value(Source("t", text), report)
    (only,) = report
    assert only.code == "E403" and only.at and only.at.column == text.index("$") and quoted in only.help
    assert (result[0]["x"] if result else None) == rest


@pytest.mark.parametrize("text", ["x: $(min(a, b))", "x: {a: '$(min(a, b))'}", "x: {a: $(b)}", 'x: {a: $(b + ")")}'])
def test_whole_expressions(text: str) -> None:
    assert read(text)[1] == []


def test_sizes() -> None:
    assert read("a: " + "x" * MAX_BYTES)[1] == ["E008 1:1"]
    assert read("a: " + "x" * (MAX_BYTES // 2))[1] == []
    assert read("é" * (MAX_BYTES // 2 + 1))[1] == ["E008 1:1"]


def test_every_value_knows_its_place(mapping: Callable[[str], Map]) -> None:
    text = 'a: 1\nb: {c: "x y", d: [7, ü, {e: f}]}\ng:\n  h: |\n    text\n  i:\n'
    root = mapping(text)
    listed = root["b"]["d"]
    assert isinstance(listed, List)
    written = {
        "1": root.at["a"],
        '"x y"': root["b"].at["c"],
        "7": listed.at[0],
        "ü": listed.at[1],
        "{e: f}": listed.at[2],
        "f": listed[2].at["e"],
        "e": listed[2].keys_at["e"],
        "[7, ü, {e: f}]": root["b"].at["d"],
        "i": root["g"].at["i"],
    }
    assert {at.text: at.text for at in written.values()} == {text: text for text in written}
    assert str(root["g"].at["h"]) == "<text>:4:6"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_are_counted_as_yaml_counts_them(newline: str, mapping: Callable[[str], Map]) -> None:
    root = mapping(f"a: 1{newline}b: 2{newline}c: 3{newline}")
    assert [(at.line, at.text) for at in root.at.values()] == [(0, "1"), (1, "2"), (2, "3")]


def test_a_value_inside_a_longer_text() -> None:
    source = Source("--set", "a.b={c: [1, 2]}")
    value, at = read_value(source, Diagnostics(), start=4) or ({}, None)
    assert at and at.text == "{c: [1, 2]}" and value["c"].at[1].text == "2"
