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
    if node.signature is None or node.role == "lookup" or _is_no_loss(node):
        return node
    at = node.params_at.get("block", node.span)
    incomplete = any(value is UNKNOWN for value in node.params.values())
    ports = [port.name for port in node.signature.ports]
    if not validate_parameters(node.block, node.params, node.signature.schema, at, report, ports) or incomplete:
        return replace(node, broken=True)
    return replace(node, params={**node.signature.defaults, **node.params})


def _is_no_loss(node: Node) -> bool:
    """Whether a task names a block that is no loss, which `link` reports: its parameters do not matter then."""
    assert node.signature is not None
    return node.name.startswith("tasks.") and node.signature.port("label") is None
