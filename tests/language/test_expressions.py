"""Expressions compute what Python computes, refuse what is not on the list, and cannot run away."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import Diagnostics, Source, Span
from blockrec.language.bounds import fits
from blockrec.language.expressions import ExpressionError, evaluate, mentioned, substitute
from blockrec.language.params import resolve_params
from blockrec.language.values import UNKNOWN, List, Map

NAMES = {"dim": 16, "hidden": [200, 80], "rate": 0.5, "kind": "relu"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("dim", 16),
        ("4 * dim", 64),
        ("dim // 3 + dim % 3", 6),
        ("dim / 4", 4.0),
        ("2 ** 10", 1024),
        ("-dim", -16),
        ("hidden[-1]", 80),
        ("hidden[:1]", [200]),
        ("[1, 2] + hidden", [1, 2, 200, 80]),
        ("'a' + kind", "arelu"),
        ("dim if rate > 0.2 else 0", 16),
        ("0 < dim <= 16 and not rate == 1", True),
        ("0 or kind", "relu"),
        ("80 in hidden", True),
        ("min(dim, 3) + max(hidden) + len(hidden) + sum(hidden)", 485),
        ("int(3.7) + round(2.567, 2)", 5.57),
        ("  dim  ", 16),
        ("dim\n* 2", 32),
    ],
)
def test_values(text: str, value: Any) -> None:
    result = evaluate(text, NAMES)
    assert result == value and type(result) is type(value)


atoms = st.integers(-99, 99).map(str) | st.floats(-99, 99).map(str) | st.sampled_from(["dim", "rate", "hidden", "kind"])
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "<", ">=", "==", "and", "or", "in"]), inner
        ).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        inner.map(lambda x: f"-{x}"),
        inner.map(lambda x: f"(not {x})"),
        st.tuples(st.sampled_from(["min", "max", "len", "sum", "int", "round"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"[{t[0]}, {t[1]}]"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}[{t[1]}]"),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(expressions)
def test_as_python(text: str) -> None:
    assume(not ("%" in text and "kind" in text))  # a text before `%` is a format in Python, refused here
    functions = {"min": min, "max": max, "len": len, "sum": sum, "int": int, "round": round}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = eval(text, {"__builtins__": {}, **functions}, NAMES)
    except (ArithmeticError, TypeError, ValueError, LookupError):
        with pytest.raises(ExpressionError) as caught:
            evaluate(text, NAMES)
        assert caught.value.code == "E402"
    else:
        result = evaluate(text, NAMES)
        assert repr(result) == repr(expected)


REFUSED = [
    ("__import__('os')", "E402", 0, 16),
    ("dim.real", "E402", 0, 8),
    ("(lambda: 1)()", "E402", 0, 13),
    ("[x for x in hidden]", "E402", 0, 19),
    ("{1: 2}", "E402", 0, 6),
    ("(1, 2)", "E402", 0, 6),
    ("f'{dim}'", "E402", 0, 8),
    ("1j", "E402", 0, 2),
    ("b'x'", "E402", 0, 4),
    ("None", "E402", 0, 4),
    ("...", "E402", 0, 3),
    ("~dim", "E402", 0, 4),
    ("dim @ dim", "E402", 0, 9),
    ("dim << 2", "E402", 0, 8),
    ("dim is 16", "E402", 0, 9),
    ("print(1)", "E402", 0, 8),
    ("min(hidden, key=1)", "E402", 0, 18),
    ("max(*hidden)", "E402", 4, 7),
    ("(y := 2)", "E402", 1, 6),
    ("1 + dmi", "E401", 4, 3),
    ("'ü' + dmi", "E401", 6, 3),
    ("hidden[2]", "E402", 0, 9),
    ("1 + 2 // 0", "E402", 4, 6),
    ("dim + kind", "E402", 0, 10),
    ("'%99d' % 3", "E402", 0, 10),
    ("(-8) ** 0.5", "E402", 0, 11),
    ("1 +", "E403", None, None),
    ("", "E403", 0, 1),
    ("1 2", "E403", None, None),
    ("import os", "E403", None, None),
    ("dim = 3", "E403", None, None),
    ("\0", "E403", None, None),
]


@pytest.mark.parametrize(("text", "code", "column", "length"), REFUSED)
def test_refused(text: str, code: str, column: int | None, length: int | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, NAMES)
    error = caught.value
    if text == "\0":
        assert error.code in ("E402", "E403")
    else:
        assert error.code == code
    if column is not None:
        assert (error.column, error.length) == (column, length)


HOSTILE = [
    "9**9**9",
    "9**9**9**9",
    "2**10000000",
    "10.0**400",
    "[0] * 10**9",
    "[[0] * 9999] * 9999",
    "'x' * 10**9",
    "[0] * 10000 + [0] * 10000",
    "'%1000000000d' % 1",
    "round(5, -10**9)",
    "round(5.0, 10**9)",
    "int('9' * 9999)",
    "9" * 900,
    "9" * 100_000,
    "(" * 500 + ")" * 500,
    "-" * 900 + "1",
    "not " * 200 + "1",
    "[" * 300 + "]" * 300,
    "1" + "+1" * 400,
    "1 if " * 150 + "1",
    "a." * 400 + "a",
    "hidden" + "[0]" * 300,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:20])
def test_hostile_expressions_are_refused(text: str) -> None:
    """None of them could be computed before the tests run out of time or memory."""
    with pytest.raises(ExpressionError):
        evaluate(text, NAMES)


def test_values_that_multiply_are_refused(mapping: Callable[[str], Map]) -> None:
    """Ten lists of ten of the list before."""
    lines = ["a0: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i + 1}: [{', '.join([f'$a{i}'] * 10)}]" for i in range(9)]
    report = Diagnostics()
    values = resolve_params(mapping("\n".join([*lines, ""])), report)
    assert {d.code for d in report} == {"E402"} and all(fits(v, 100_000) for v in values.values())
    deep = "\n".join(["a0: 1", *(f"a{i + 1}: [$a{i}]" for i in range(500)), ""])
    report = Diagnostics()
    assert fits(resolve_params(mapping(deep), report)["a500"], 100) and report.failed


PLACES = [
    ("$dmi", 1, "E401", "dmi"),
    ("$(4 * dmi)", 1, "E401", "dmi"),
    ('"$(min(dmi, 2))"', 1, "E401", "dmi"),
    ("'$(dmi)'", 1, "E401", "dmi"),
    ("$(1 // 0)", 1, "E402", "1 // 0"),
    ('"$(\\u0064mi)"', 1, "E401", '"$(\\u0064mi)"'),
    ("$5", 1, "E403", "$5"),
    ("$", 1, "E403", "$"),
    ("$(dim) x", 1, "E403", "$(dim) x"),
    ("$dim.x", 1, "E403", "$dim.x"),
]


@pytest.mark.parametrize(("written", "count", "code", "marked"), PLACES)
def test_the_place_of_a_mistake_is_inside_the_scalar(
    written: str, count: int, code: str, marked: str, mapping: Callable[[str], Map]
) -> None:
    root = mapping(f"x:\n  - y: {written}\n")
    report = Diagnostics()
    result = substitute(root, root.span, NAMES, report)
    assert result == {"x": [{"y": UNKNOWN}]}
    assert [(d.code, d.at.text if d.at else "") for d in report] == [(code, marked)] and len(report) == count


def test_substitution_keeps_types_and_places(mapping: Callable[[str], Map]) -> None:
    root = mapping('a: $hidden\nb: {c: [$dim, "$(rate * 2)", x]}\nd: $( hidden + [1] )\ne: $("$x")\n')
    result = substitute(root, root.span, NAMES, Diagnostics())
    assert result == {"a": [200, 80], "b": {"c": [16, 1.0, "x"]}, "d": [200, 80, 1], "e": "$x"}
    assert isinstance(result["d"], List) and result["d"].at[0].text == "$( hidden + [1] )"
    assert result["b"]["c"].at[0].text == "$dim"


def test_unknown_values_stay_quiet() -> None:
    names = {"a": UNKNOWN, "b": 1}
    report = Diagnostics()
    at = Span(Source("t", ""), 0, 0, 1)
    assert substitute("$(a + nope)", at, names, report) is UNKNOWN and not len(report)
    assert evaluate("b", names) == 1 and evaluate("[a]", names) is UNKNOWN


def test_names_that_are_mentioned(mapping: Callable[[str], Map]) -> None:
    root = mapping("a: $x\nb: [{c: '$(y + min(z, 1))'}, $5, w]\nd: $(\n")
    assert mentioned(root) == {"x", "y", "z", "min"}


PARAMS = [
    ("a: $b\nb: $c\nc: 3\n", {"a": 3, "b": 3, "c": 3}, []),
    ("a: [$b, {c: $b}]\nb: 2\n", {"a": [2, {"c": 2}], "b": 2}, []),
    ("a: $a\n", {"a": UNKNOWN}, ["E404 1:4"]),
    ("a: $b\nb: $a\nc: $a\n", {"a": UNKNOWN, "b": UNKNOWN, "c": UNKNOWN}, ["E404 1:4"]),
    ("c: $a\na: $b\nb: $a\nd: $d\n", dict.fromkeys("cabd", UNKNOWN), ["E404 2:4", "E404 4:4"]),
    ("a: $x\nb: $a\n", {"a": UNKNOWN, "b": UNKNOWN}, ["E401 1:5"]),
]


@pytest.mark.parametrize(("text", "values", "expected"), PARAMS)
def test_parameters_in_the_order_of_their_needs(
    text: str, values: dict[str, Any], expected: list[str], mapping: Callable[[str], Map]
) -> None:
    report = Diagnostics()
    assert resolve_params(mapping(text), report) == values
    assert [f"{d.code} {d.at.line + 1}:{d.at.column + 1}" for d in report if d.at] == expected


def test_given_parameters_replace_declared_ones(mapping: Callable[[str], Map]) -> None:
    report = Diagnostics()
    assert resolve_params(mapping("a: $(2 * b)\nb: 1\n"), report, {"b": 4}) == {"a": 8, "b": 4}
    assert resolve_params(mapping("a: $b\nb: $a\n"), report, {"b": 4}) == {"a": 4, "b": 4}
    assert not len(report)
