"""Nodes that share a module: it is built once, so all of them need it in the same size."""

from __future__ import annotations

from blockrec.diagnostics import Diagnostics
from blockrec.graph.ir import Graph, Node


def check_tied(graph: Graph, report: Diagnostics) -> Graph:
    """Report (E313) nodes whose sizes or parameters differ from those of the node that they share. After `infer`."""
    for node in graph.nodes.values():
        original = graph.nodes.get(node.shares or "")
        if original is not None and not (node.broken or original.broken):
            _check(node, original, report)
    return graph


def _check(node: Node, original: Node, report: Diagnostics) -> None:
    kinds = (("size", node.axes, original.axes), ("parameter", dict(node.params), dict(original.params)))
    for what, mine, theirs in kinds:
        name = next((key for key in theirs if mine.get(key) != theirs[key]), None)
        if name is not None:
            own = mine.get(name, "missing")
            message = f"`{node.name}` shares the weights of `{original.name}`, but its {what} `{name}` is {own}"
            notes = [(original.span, f"`{name}` is {theirs[name]} here")]
            help = "bring both inputs to one width, or give the node a `block:` of its own"
            report.error("E313", message, node.span, notes=notes, help=help)
            return
