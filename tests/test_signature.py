"""Matching: axes bind once, leading axes travel, mismatches say why."""

from __future__ import annotations

import pytest

from blockrec.diagnostics import Source, Span
from blockrec.signature import Bound, Mismatch, Port, Type, match, tokens

AT = Span(Source("m.yaml", "x"), 0, 0, 1)


def bind(port: Port, given: Type, axes: dict[str, Bound] | None = None) -> dict[str, object]:
    axes = {} if axes is None else axes
    match(port, given, axes, AT)
    return {name: bound.value for name, bound in axes.items()}


def test_tokens_keep_expressions_whole() -> None:
    assert tokens("b t {2 * d} ...") == ("b", "t", "{2 * d}", "...")


def test_axes_bind_and_must_agree() -> None:
    axes: dict[str, Bound] = {}
    assert bind(Port("x", "float", ("b", "d")), Type("float", ("b", 8)), axes) == {"b": "b", "d": 8}
    with pytest.raises(Mismatch, match="axis `d` is 8"):
        bind(Port("y", "float", ("b", "d")), Type("float", ("b", 9)), axes)


def test_leading_axes_hold_a_sequence() -> None:
    given = Type("float", ("b", "clicks", 8), jagged=True)
    assert bind(Port("x", "float", ("...", "d")), given) == {"...": (("b", "clicks"), True), "d": 8}


def test_an_axis_of_each_input() -> None:
    axes: dict[str, Bound] = {}
    port = Port("inputs", "float", ("...", "?d"), variadic=True)
    bind(port, Type("float", ("b", 8)), axes)
    assert bind(port, Type("float", ("b", 3)), axes)["d"] == [8, 3]


@pytest.mark.parametrize(
    ("port", "given", "code"),
    [
        (Port("x", "float", ("b", "d")), Type("int", ("b", 4)), "E315"),
        (Port("x", "float", ("b", "d")), Type("float", ("b", "s", 4), True), "E315"),
        (Port("x", "float", ("b", "t", "d"), True), Type("float", ("b", 4)), "E315"),
        (Port("x", "float", ("b", "d")), Type("float", ("b",)), "E310"),
        (Port("x", "float", ("b", "1")), Type("float", ("b", 4)), "E310"),
        (Port("x", "float", ("...", "n", "d")), Type("float", ("b", 4)), "E310"),
    ],
)
def test_what_does_not_fit(port: Port, given: Type, code: str) -> None:
    with pytest.raises(Mismatch) as caught:
        bind(port, given)
    assert caught.value.code == code


def test_any_and_num_take_ints() -> None:
    for dtype in ("any", "num"):
        assert bind(Port("x", dtype, ("b",)), Type("int", ("b",))) == {"b": "b"}
