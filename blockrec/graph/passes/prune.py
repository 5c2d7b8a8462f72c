"""Nodes on which nothing depends that leaves the model are left out."""

from __future__ import annotations

from dataclasses import replace

from blockrec.diagnostics import Diagnostics
from blockrec.graph.ir import Graph


def prune_unused(graph: Graph, report: Diagnostics | None = None) -> Graph:
    """Drop nodes that reach no task, loss or output; warn (W201) about those that the user wrote."""
    needed = graph.ancestors({s.edge.source for s in graph.sinks} & set(graph.nodes))
    for node in graph.nodes.values():
        if report is not None and node.name not in needed and "/" not in node.name and not node.used_at:
            help = "use it, or delete it: it is not part of the module"
            report.warn("W201", f"node `{node.name}` reaches no task, loss or output", node.span, help=help)
    return graph.with_nodes({name: node for name, node in graph.nodes.items() if name in needed})


def only(graph: Graph, names: set[str]) -> Graph:
    """The part of a graph that computes the tasks and outputs called `names`, without losses."""
    kept = tuple(s for s in graph.sinks if s.kind != "loss" and s.name in names)
    return prune_unused(replace(graph, sinks=kept))
