"""Embedding tables: the same (table, feature) has one width wherever it is used."""

from __future__ import annotations

from blockrec.diagnostics import Diagnostics, Span
from blockrec.graph.ir import Graph


def check_tables(graph: Graph, report: Diagnostics) -> Graph:
    """Report (E311) lookups whose width differs from an earlier one of the same table, once for each `dim` written."""
    seen: dict[tuple[str, str], tuple[int, Span]] = {}
    conflicts: dict[tuple[str, int, Span, int, Span], list[str]] = {}
    for node in graph.nodes.values():
        if node.role != "lookup" or node.broken:
            continue
        table, dim = node.params["table"], node.params["dim"]
        root = graph.features[node.params["feature"]].root
        at = node.params_at.get("dim", node.span)
        known, where = seen.setdefault((table, root), (dim, at))
        if known != dim:
            conflicts.setdefault((table, dim, at, known, where), []).append(root)
    for (table, dim, at, known, where), roots in conflicts.items():
        names = ", ".join(f"`{root}`" for root in dict.fromkeys(roots))
        message = f"table `{table}` of {names} has dim {known} already, here {dim}"
        help = "one table has one dim; give this node another `table:` for independent weights"
        report.error("E311", message, at, help=help, notes=[(where, f"dim {known} comes from here")])
    return graph
