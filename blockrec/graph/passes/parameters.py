"""Every node's parameters against its own block's schema; defaults filled in."""

from __future__ import annotations

from dataclasses import replace

from blockrec.diagnostics import Diagnostics
from blockrec.graph.ir import Graph, Node
from blockrec.language.validate import validate_parameters
from blockrec.language.values import UNKNOWN


def check_parameters(graph: Graph, report: Diagnostics) -> Graph:
    """Nodes with complete parameters; one with a wrong parameter is broken."""
    return graph.with_nodes({name: _checked(node, report) for name, node in graph.nodes.items()})


def _checked(node: Node, report: Diagnostics) -> Node:
    if node.signature is None or node.role == "lookup":
        return node
    at = node.params_at.get("block", node.span)
    incomplete = any(value is UNKNOWN for value in node.params.values())
    if not validate_parameters(node.block, node.params, node.signature.schema, at, report) or incomplete:
        return replace(node, broken=True)
    return replace(node, params={**node.signature.defaults, **node.params})
