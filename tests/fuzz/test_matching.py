"""Types of ports against a matcher that tries every assignment of axes."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import Source, Span
from blockrec.signature import LEADING, Bound, Mismatch, Port, Type, match

AT = Span(Source("m.yaml", "x"), 0, 0, 1)
SIZES = ["b", "s", "t", 1, 2]
NAMES = ["b", "d", "e"]

values = st.builds(
    lambda dtype, axes, jagged: Type(dtype, tuple(axes), jagged and len(axes) > 1),
    st.sampled_from(["float", "int"]),
    st.lists(st.sampled_from(SIZES), min_size=1, max_size=3),
    st.booleans(),
)
dims = st.lists(st.sampled_from([*NAMES, "1", "2"]), max_size=3)
ports = st.builds(
    lambda dtype, rowwise, dims, jagged: Port(
        "x", dtype, ("...", *dims) if rowwise else tuple(dims), jagged=jagged and not rowwise
    ),
    st.sampled_from(["float", "int", "any"]),
    st.booleans(),
    dims,
    st.booleans(),
)


def fits(port: Port, value: Type, names: dict[str, Any], leading: Any) -> bool:
    """Whether the port, its names filled in, is literally the type of the value."""
    head: tuple[Any, ...] = leading[0] if port.rowwise else ()
    filled = tuple(int(d) if d.isdigit() else names[d] for d in port.dims if d != LEADING)
    jagged = leading[1] if port.rowwise else port.jagged
    same = [type(a) is type(b) and a == b for a, b in zip((*head, *filled), value.axes, strict=False)]
    return len(head) + len(filled) == len(value.axes) and all(same) and jagged == value.jagged


def assignments(pairs: list[tuple[Port, Type]]) -> list[dict[str, Any]]:
    """All that make every port the type of its value."""
    used = sorted({d for port, _ in pairs for d in port.dims if d != LEADING and not d.isdigit()})
    heads = [(v.axes[:n], v.jagged) for _, v in pairs for n in range(1, len(v.axes) + 1)] or [((), False)]
    wanted = any(port.rowwise for port, _ in pairs)
    if not all(port.dtype in ("any", value.dtype) for port, value in pairs):
        return []
    tried = product(product(SIZES, repeat=len(used)), dict.fromkeys(heads) if wanted else [None])
    return [
        {**names, **({LEADING: leading} if wanted else {})}
        for sizes, leading in tried
        for names in [dict(zip(used, sizes, strict=True))]
        if all(fits(port, value, names, leading) for port, value in pairs)
    ]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(ports, values), min_size=1, max_size=3))
def test_matching_finds_the_only_assignment(pairs: list[tuple[Port, Type]]) -> None:
    axes: dict[str, Bound] = {}
    expected = assignments(pairs)
    try:
        for port, value in pairs:
            match(port, value, axes, AT)
    except Mismatch:
        assert not expected
    else:
        assert [{name: bound.value for name, bound in axes.items()}] == expected
