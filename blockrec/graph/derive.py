"""Where the sizes of values come from: the sum of what features, parameters and blocks say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from blockrec.diagnostics import Span
from blockrec.graph.ir import Graph, Node
from blockrec.signature import LEADING, Port, Type

MOST = 64
"""Terms of a sum; what would have more is one term by its own name."""
SUM = re.compile(r"\{sum\((\w+)\)\}")
WORD = re.compile(r"[a-z_]\w*")


class Place(NamedTuple):
    """One axis of a value: the `axis`-th of an output of a node, of a feature or of a label."""

    name: str
    output: str
    axis: int


@dataclass(frozen=True)
class Step:
    """Why an axis has its size.

    kind: `sum` of the axes at `parts`; `same` as the axis at the only part; else it begins here: a `feature` or label
    says so, a `parameter`, the `block` itself, or it is `computed`, of the axes at `parts` and of parameters.
    rule: the parameter, or the size as the block declares it. default: the parameter is not written.
    at: where that is written.
    """

    kind: Literal["sum", "same", "feature", "parameter", "block", "computed"]
    rule: str
    at: Span
    parts: tuple[Place, ...] = ()
    default: bool = False


@dataclass(frozen=True)
class Term:
    """A summand of a size, and why it is so big. name: of the feature for the vectors of a table, else of the node."""

    name: str
    size: int | str
    place: Place
    step: Step


def step(graph: Graph, place: Place) -> Step:
    """The reason of one axis, one step back. Relies on the types of everything above it."""
    node = graph.nodes.get(place.name)
    if node is None or node.signature is None:
        source = graph.features.get(place.name) or graph.labels[place.name]
        return Step("feature", place.name, source.span)
    port = next(p for p in node.signature.outputs if p.name == place.output)
    if node.signature.infers:
        return Step("computed", "", node.span)
    dim, leading = _dim(port, _type(graph, place.name, place.output), place.axis)
    if dim == LEADING:
        return _leading(graph, node, leading)
    if found := SUM.fullmatch(dim):
        return Step("sum", dim, node.span, tuple(_bound(graph, node, found[1])))
    if dim.startswith("{"):
        return _expression(graph, node, dim)
    bound = next(_bound(graph, node, dim), None)
    return Step("same", dim, node.span, (bound,)) if bound else Step("block", dim, node.params_at.get("block", node.span))


def terms(graph: Graph, place: Place) -> list[Term]:
    """What adds up to the size at `place`, in order."""
    open_, found = [place], list[Term]()
    while open_:
        place, why = _followed(graph, open_.pop(0))
        if why.kind == "sum" and why.parts and len(open_) + len(found) + len(why.parts) <= MOST:
            open_ = [*why.parts, *open_]
        else:
            found.append(_term(graph, place, why))
    return found


def size(graph: Graph, place: Place) -> int | str:
    """The size itself: a number, or the name of an axis of rows or steps."""
    return _type(graph, place.name, place.output).axes[place.axis]


def width(graph: Graph, name: str, output: str = "out") -> Place | None:
    """The last axis of a value, if it is a number."""
    axes = _type(graph, name, output).axes
    return Place(name, output, len(axes) - 1) if axes and isinstance(axes[-1], int) else None


def _followed(graph: Graph, place: Place) -> tuple[Place, Step]:
    """The first place above that is not merely the same as another one."""
    why = step(graph, place)
    while why.kind == "same":
        (place,) = why.parts
        why = step(graph, place)
    return place, why


def _term(graph: Graph, place: Place, why: Step) -> Term:
    node = graph.nodes.get(place.name)
    name = node.params["feature"] if node is not None and node.role == "lookup" else place.name
    return Term(name, size(graph, place), place, why)


def _type(graph: Graph, name: str, output: str) -> Type:
    node = graph.nodes.get(name)
    if node is not None:
        assert node.outputs is not None
        return node.outputs[output]
    from blockrec.graph.passes.infer import feature_type, label_type

    return feature_type(graph.features[name]) if name in graph.features else label_type(graph.labels[name])


def _dim(port: Port, type: Type, axis: int) -> tuple[str, int]:
    """The declared size of an axis; `...` with its place among the leading axes."""
    if not port.rowwise:
        return port.dims[axis], 0
    leading = len(type.axes) - (len(port.dims) - 1)
    return (LEADING, axis) if axis < leading else (port.dims[1 + axis - leading], 0)


def _leading(graph: Graph, node: Node, axis: int) -> Step:
    assert node.signature is not None
    for port in node.signature.ports:
        for edge in node.inputs.get(port.name, ()) if port.rowwise else ():
            return Step("same", LEADING, edge.span, (Place(edge.source, edge.output, axis),))
    return Step("block", LEADING, node.span)


def _bound(graph: Graph, node: Node, axis: str) -> Iterator[Place]:
    """The places of inputs that `axis` of a block stands for: the first is the one that counts."""
    assert node.signature is not None
    for port in node.signature.ports:
        wanted = next((i for i, dim in enumerate(port.dims) if dim.removeprefix("?") == axis), None)
        for edge in node.inputs.get(port.name, ()) if wanted is not None else ():
            assert wanted is not None
            extra = len(_type(graph, edge.source, edge.output).axes) - len(port.dims)
            yield Place(edge.source, edge.output, wanted + extra)


def _expression(graph: Graph, node: Node, dim: str) -> Step:
    words = dict.fromkeys(WORD.findall(dim))
    parts = tuple(place for word in words for place in [next(_bound(graph, node, word), None)] if place)
    given = [word for word in words if word in node.params]
    at = next((node.params_at[word] for word in given if word in node.params_at), None)
    if parts or len(given) != 1:
        return Step("computed", dim[1:-1], at or node.span, parts)
    return Step("parameter", given[0], at or node.params_at.get("block", node.span), default=at is None)
