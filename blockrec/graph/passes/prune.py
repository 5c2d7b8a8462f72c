"""Nodes on which nothing depends that leaves the model are left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from blockrec.diagnostics import Diagnostics
from blockrec.graph.ir import Graph, Node


def prune_unused(graph: Graph, report: Diagnostics | None = None) -> Graph:
    """Drop nodes that reach no task, loss, output or watched value; warn (W201) about those that the user wrote."""
    needed = graph.ancestors({s.edge.source for s in graph.sinks} & set(graph.nodes))
    for node in graph.nodes.values():
        if report is not None and node.name not in needed and "/" not in node.name and not node.used_at:
            help = "use it, or delete it: it is not part of the module"
            report.warn(
                "W201", f"node `{node.name}` reaches no task, loss, output or watched value", node.span, help=help
            )
    return graph.with_nodes(dict(_kept(graph, needed)))


def _kept(graph: Graph, needed: set[str]) -> Iterator[tuple[str, Node]]:
    """The needed nodes; if one's weights belong to a node that is dropped, its first user counts them."""
    counted = set(needed)
    for name, node in graph.nodes.items():
        if name in needed and node.shares and node.shares not in counted and node.shares in graph.nodes:
            counted.add(node.shares)
            node = replace(node, parameters=graph.nodes[node.shares].parameters)
        if name in needed:
            yield name, node


def only(graph: Graph, names: set[str]) -> Graph:
    """The part of a graph that computes the sinks with these keys; `loss` stands for all losses."""
    kept = tuple(s for s in graph.sinks if s.key in names or (s.kind == "loss" and "loss" in names))
    return prune_unused(replace(graph, sinks=kept))
