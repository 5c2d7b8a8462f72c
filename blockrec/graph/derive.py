"""Where the sizes of values come from: the sum of what features, parameters and blocks say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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


class Derivation:
    """Explains the sizes of a graph. types: of every value, by (name, output), as far as they are known.

    Relies on the types of everything above the places that are asked for.
    """

    def __init__(self, graph: Graph, types: Mapping[tuple[str, str], Type]) -> None:
        self.graph, self.types = graph, types
        self.origins: dict[Place, tuple[Place, Step]] = {}

    def written(self, name: str) -> Span:
        """Where a node, a feature or a label is written."""
        graph = self.graph
        return (graph.nodes.get(name) or graph.features.get(name) or graph.labels[name]).span

    def size(self, place: Place) -> int | str:
        """A number, or the name of an axis of samples or steps."""
        return self.types[place.name, place.output].axes[place.axis]

    def width(self, name: str, output: str = "out") -> Place | None:
        """The last axis of a value, if it is a number."""
        axes = self.types[name, output].axes
        return Place(name, output, len(axes) - 1) if axes and isinstance(axes[-1], int) else None

    def terms(self, place: Place) -> list[Term]:
        """What adds up to the size at `place`, in order."""
        open_, found = [place], list[Term]()
        while open_:
            place, why = self.origin(open_.pop(0))
            if why.kind == "sum" and why.parts and len(open_) + len(found) + len(why.parts) <= MOST:
                open_ = [*why.parts, *open_]
            else:
                found.append(self._term(place, why))
        return found

    def origin(self, place: Place) -> tuple[Place, Step]:
        """The first place above that is not merely the same as another one, and its reason."""
        passed = []
        while place not in self.origins:
            why = self.step(place)
            if why.kind != "same":
                self.origins[place] = (place, why)
                break
            passed.append(place)
            (place,) = why.parts
        self.origins |= dict.fromkeys(passed, self.origins[place])
        return self.origins[place]

    def step(self, place: Place) -> Step:
        """The reason of one axis, one step back."""
        node = self.graph.nodes.get(place.name)
        if node is None or node.signature is None:
            return Step("feature", "", self.written(place.name))
        if node.signature.infers:
            return Step("computed", "", node.span)
        port = next(p for p in node.signature.outputs if p.name == place.output)
        dim, leading = _dim(port, self.types[place.name, place.output], place.axis)
        if dim == LEADING:
            return self._leading(node, leading)
        if found := SUM.fullmatch(dim):
            return Step("sum", dim, node.span, tuple(self.bound(node, found[1])))
        if dim.startswith("{"):
            return self._expression(node, dim)
        bound = next(self.bound(node, dim), None)
        at = node.params_at.get("block", node.span)
        return Step("same", dim, node.span, (bound,)) if bound else Step("block", dim, at)

    def bound(self, node: Node, axis: str) -> Iterator[Place]:
        """The places of inputs that `axis` of a block stands for: the first is the one that counts."""
        assert node.signature is not None
        for port in node.signature.ports:
            for edge in node.inputs.get(port.name, ()):
                index = axis_of(port, axis, self.types[edge.source, edge.output])
                if index is not None:
                    yield Place(edge.source, edge.output, index)

    def _leading(self, node: Node, axis: int) -> Step:
        assert node.signature is not None
        rowwise = (e for p in node.signature.ports if p.rowwise for e in node.inputs.get(p.name, ()))
        edge = next(rowwise)
        return Step("same", LEADING, edge.span, (Place(edge.source, edge.output, axis),))

    def _expression(self, node: Node, dim: str) -> Step:
        words = dict.fromkeys(WORD.findall(dim))
        parts = tuple(place for word in words for place in [next(self.bound(node, word), None)] if place)
        given = [word for word in words if word in node.params]
        at = next((node.params_at[word] for word in given if word in node.params_at), None)
        if parts or len(given) != 1:
            return Step("computed", dim[1:-1], at or node.span, parts)
        if node.role == "lookup" and at is None:
            return Step("feature", given[0], self.graph.features[node.params["feature"]].span)
        return Step("parameter", given[0], at or node.params_at.get("block", node.span), default=at is None)

    def _term(self, place: Place, why: Step) -> Term:
        node = self.graph.nodes.get(place.name)
        name = node.params["feature"] if node is not None and node.role == "lookup" else place.name
        return Term(name, self.size(place), place, why)


def axis_of(port: Port, axis: str, given: Type) -> int | None:
    """Where an axis of a port lies in a value that it takes; None if the port does not have it."""
    index = next((i for i, dim in enumerate(port.dims) if dim.removeprefix("?") == axis), None)
    return None if index is None else index + len(given.axes) - len(port.dims)


def _dim(port: Port, type: Type, axis: int) -> tuple[str, int]:
    """The declared size of an axis; `...` with its place among the leading axes."""
    if not port.rowwise:
        return port.dims[axis], 0
    leading = len(type.axes) - (len(port.dims) - 1)
    return (LEADING, axis) if axis < leading else (port.dims[1 + axis - leading], 0)
