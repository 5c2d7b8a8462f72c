"""Equal lookups are done once: two nodes that read the same rows of the same table become one."""

from __future__ import annotations

from dataclasses import replace

from blockrec.graph.ir import Edge, Graph


def share_lookups(graph: Graph) -> Graph:
    """The first of equal lookups serves all uses; relies on topological order and on one dim a table."""
    first: dict[tuple[str, str], str] = {}
    serves: dict[str, str] = {}
    for node in graph.nodes.values():
        if node.role == "lookup":
            serves[node.name] = first.setdefault((node.params["table"], node.params["feature"]), node.name)
    nodes = {
        name: replace(
            node, inputs={p: tuple(_redirected(e, serves) for e in edges) for p, edges in node.inputs.items()}
        )
        for name, node in graph.nodes.items()
        if serves.get(name, name) == name
    }
    sinks = tuple(replace(s, edge=_redirected(s.edge, serves)) for s in graph.sinks)
    return replace(graph, nodes=nodes, sinks=sinks)


def _redirected(edge: Edge, serves: dict[str, str]) -> Edge:
    return replace(edge, source=serves.get(edge.source, edge.source))
