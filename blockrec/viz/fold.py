"""Undo what the compiler made: nodes with a `/` in their name return into the node that asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blockrec.graph.ir import Edge, Graph, Node
from blockrec.viz.scene import Read


@dataclass(frozen=True)
class Use:
    """A value read by a port of a node that the user wrote; `read` if it comes through a table."""

    port: str
    source: str
    output: str
    read: Read | None = None


def is_made(name: str) -> bool:
    """Whether the compiler made this node: users cannot write a `/`."""
    return "/" in name


def written(graph: Graph) -> list[Node]:
    """Nodes that the user wrote, in graph order."""
    return [node for node in graph.nodes.values() if not is_made(node.name)]


def uses(graph: Graph, node: Node) -> list[Use]:
    """What `node` reads, in port order, seen through the nodes that the compiler made."""
    if node.role == "lookup":
        return [_lookup(node, "")]
    found = [use for port, edge in node.edges() for use in origins(graph, edge, port)]
    return [_unshared(graph, use) for use in found] if any(use.read for use in found) else found


def _unshared(graph: Graph, use: Use) -> Use:
    """An `embed` may use the lookup of another node: it reads the same rows."""
    node = graph.nodes.get(use.source)
    return _lookup(node, use.port) if node and node.role == "lookup" else use


def origins(graph: Graph, edge: Edge, port: str) -> Iterator[Use]:
    """Where the value of `edge` comes from, as the user wrote it."""
    node = graph.nodes.get(edge.source)
    if node is None or not is_made(node.name):
        yield Use(port, edge.source, edge.output)
    elif node.role == "lookup":
        yield _lookup(node, port)
    else:
        for _, inner in node.edges():
            yield from origins(graph, inner, port)


def _lookup(node: Node, port: str) -> Use:
    read = Read(node.params["feature"], node.params["table"], node.params["dim"])
    return Use(port, read.feature, "out", read)
