"""Models that score a query and an item by the similarity of two vectors, taken apart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from blockrec.graph.ir import Edge, Graph, Node
from blockrec.graph.lower import Model, module_path

QUERY, ITEM = "query", "item"
"""Ports of a block that scores the two. One with `of_all(query, items)` scores every query with every item at once."""


@dataclass(frozen=True)
class Towers:
    """query: computes vectors of samples without their item; item: those of items alone. score: from both, for all.

    node: what is scored by, in the graph.
    """

    query: Model
    item: Model
    score: Any
    node: Node

    @classmethod
    def of(cls, model: Any, task: str, own: Collection[str]) -> Towers | None:
        """Of a task's logits; None if they are no such score. own: the features that belong to an item."""
        node, edges = _scored(model, task) or (None, {})
        if node is None:
            return None
        query, item = (model.computing({port: edges[port]}) for port in (QUERY, ITEM))
        apart = not {*query.graph_ir.used_features()} & {*own}
        if not (apart and {*item.graph_ir.used_features()} <= {*own}):
            return None
        return cls(query, item, model.get_submodule(module_path(node, model.graph_ir)), node)


def _scored(model: Any, task: str) -> tuple[Node, dict[str, Edge]] | None:
    """The node of a task's logits and what it compares, if its block scores all pairs."""
    graph: Graph = model.graph_ir
    logits = next(s.edge for s in graph.sinks if s.kind == "task" and s.name == task)
    node = graph.nodes.get(logits.source)
    if node is None or node.lifted or not hasattr(model.get_submodule(module_path(node, graph)), "of_all"):
        return None
    return node, {port: edge for port, edge in node.edges() if port in (QUERY, ITEM)}
