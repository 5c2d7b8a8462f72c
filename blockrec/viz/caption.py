"""The line under a picture's title: how much of what the model has."""

from __future__ import annotations

from blockrec.graph.ir import Graph, Node
from blockrec.graph.size import counts
from blockrec.viz.fold import is_made
from blockrec.words import counted, human, parameters


def caption(graph: Graph) -> str:
    """`5 features · 14 nodes · 31.2k parameters · 5 tables with 130M numbers`; what is not known is left out."""
    n = counts(graph)
    parts = [counted(n["features"], "feature"), counted(n["nodes"], "node"), _dense(graph)]
    if n["tables_of_known_size"]:
        parts.append(f"{counted(n['tables_of_known_size'], 'table')} with {human(n['sparse'])} numbers")
    if n["tables_of_unknown_size"]:
        parts.append(f"{counted(n['tables_of_unknown_size'], 'table')} of unknown size")
    return " · ".join(filter(None, parts))


def _dense(graph: Graph) -> str:
    counts = [node.parameters for node in graph.nodes.values() if not _is_lookup(node)]
    known = [n for n in counts if n is not None]
    return parameters(sum(known)) if known and len(known) == len(counts) else ""


def _is_lookup(node: Node) -> bool:
    return node.role == "lookup" or (node.parameters is None and (is_made(node.name) or node.block == "concat"))
