"""The nodes of a checked graph as their file has them: what the compiler made of a node is part of it again.

`query/item`, `query/category` and their concat are one node `query`, an `embed` of two features; `head.norm/x`, the
concat of a list, is a list again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blockrec.graph.forms import EMBED, STACK
from blockrec.graph.ir import Edge, Graph, Node
from blockrec.signature import Type


@dataclass(frozen=True)
class Written:
    """One node. node: the compiled one that gives its value; parts: all compiled ones, that one last.

    block, inputs (port → values, `name` or `name.output`), params: as the file has them, defaults filled in.
    parameters: of its modules, without tables; flops, bytes: of all its parts; None: could not be found out.
    """

    node: Node
    parts: tuple[Node, ...]
    block: str
    inputs: Mapping[str, tuple[str, ...]]
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def outputs(self) -> Mapping[str, Type]:
        return self.node.outputs or {}

    @property
    def lookups(self) -> list[Node]:
        return [part for part in self.parts if part.role == "lookup"]

    @property
    def parameters(self) -> int | None:
        return _total(part.parameters for part in self.parts if part.role != "lookup")

    @property
    def flops(self) -> int | None:
        return _total(part.flops for part in self.parts)

    @property
    def bytes(self) -> int | None:
        return _total(part.bytes for part in self.parts)

    @property
    def sources(self) -> list[str]:
        """Nodes, features and labels that it reads, without repetition."""
        edges = [e for part in self.parts for _, e in part.edges()]
        return [*dict.fromkeys(e.source for e in edges if e.source not in {p.name for p in self.parts})]


def owner(name: str, graph: Graph) -> str:
    """The node of the file that a compiled node is part of; itself if the file has none (the list of a composite)."""
    head = name.partition("/")[0]
    return head if head in graph.nodes else name


def written_nodes(graph: Graph) -> dict[str, Written]:
    """Every node by its name, in the order of the graph."""
    parts: dict[str, list[Node]] = {}
    for node in graph.nodes.values():
        parts.setdefault(owner(node.name, graph), []).append(node)
    return {name: _written(graph.nodes[name], parts[name]) for name in graph.nodes if name in parts}


def _written(node: Node, parts: list[Node]) -> Written:
    made = {part.name: part for part in parts if part is not node}
    ordered = (*made.values(), node)
    lookups = [part for part in ordered if part.role == "lookup"]
    if lookups:
        features = tuple(edge.source for edge in _flat(node, made))
        return Written(node, ordered, EMBED, {"features": features}, _embedding(node, lookups))
    inputs = {
        port: tuple(reference(e) for edge in edges for e in _through(edge, made)) for port, edges in node.inputs.items()
    }
    return Written(node, ordered, node.block, inputs, node.params)


def _embedding(node: Node, lookups: list[Node]) -> dict[str, Any]:
    dims = {lookup.params["feature"]: lookup.params["dim"] for lookup in lookups}
    alike = len({*dims.values()}) == 1
    stack = {"stack": True} if node.block == STACK else {}
    return {"table": lookups[0].params["table"], "dim": next(iter(dims.values())) if alike else dims, **stack}


def _flat(node: Node, made: Mapping[str, Node]) -> Iterator[Edge]:
    return (e for _, edge in node.edges() for e in _through(edge, made))


def _through(edge: Edge, made: Mapping[str, Node]) -> Iterator[Edge]:
    """The edges that enter what the compiler made, for an edge that comes out of it."""
    if edge.source in made:
        yield from _flat(made[edge.source], made)
    else:
        yield edge


def reference(edge: Edge) -> str:
    """A value as a file names it."""
    return edge.source if edge.output == "out" else f"{edge.source}.{edge.output}"


def _total(numbers: Iterator[int | None]) -> int | None:
    found = [*numbers]
    return None if None in found else sum(n for n in found if n is not None)
