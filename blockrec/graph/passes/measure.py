"""Counts the parameters of every node; what a constructor refuses becomes a diagnostic at the node.

Counts are cached by (block source, parameters, sizes), so that checking a known model imports no torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from blockrec import cache
from blockrec.diagnostics import Diagnostics
from blockrec.graph.ir import Graph, Node
from blockrec.graph.library import Library
from blockrec.registry import Entry

STORE = "measures"
MOST = 10_000
"""Counts kept; beyond it the cache starts anew."""


def measure(graph: Graph, library: Library, report: Diagnostics) -> Graph:
    """Every typed node with `parameters`; tables of unknown size keep None."""
    known: dict[str, Any] = cache.read_json(STORE) or {}
    known = known if len(known) < MOST else {}
    before = len(known)
    nodes = {name: _measured(node, library, known, report) for name, node in graph.nodes.items()}
    if len(known) > before:
        cache.write_json(STORE, known)
    return graph.with_nodes(nodes)


def _measured(node: Node, library: Library, known: dict[str, Any], report: Diagnostics) -> Node:
    if node.role == "lookup" or node.outputs is None:
        return node
    entry = library.entries[node.block]
    key = cache.digest(
        [entry.state, entry.module, node.block, json.dumps([dict(node.params), dict(node.axes)], default=str)]
    )
    if key not in known or not entry.state:
        known[key] = _build(entry, node.params, node.axes)
    if isinstance(known[key], int):
        return replace(node, parameters=known[key])
    message = f"`{node.name}` (block {node.block}): {known[key]}"
    report.error("E104", message, node.params_at.get("block", node.span), help=f"see `blockrec explain {node.block}`")
    return node


def _build(entry: Entry, params: Mapping[str, Any], axes: Mapping[str, Any]) -> int | str:
    """The number of parameters of the block, or why its constructor refuses; no memory is allocated."""
    import torch
    from torch import nn

    try:
        with torch.device("meta"):
            module: nn.Module = entry.load()(**axes, **params)
    except ValueError as error:
        return str(error)
    return sum(p.numel() for p in module.parameters())
