"""How big a checked model is, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blockrec.language.features import AUTO
from blockrec.viz.words import counted, human

if TYPE_CHECKING:
    from blockrec.graph.ir import Graph


def counts(graph: Graph) -> dict[str, int]:
    """Features read, nodes, parameters of nodes and of tables, and tables whose size the data decides."""
    rows = {key: graph.features[key[1]].vocab for key in graph.tables()}
    known = {key: vocab for key, vocab in rows.items() if isinstance(vocab, int)}
    return {
        "features": sum(name in graph.features for name in graph.used_features()),
        "nodes": sum(node.role == "node" and "/" not in node.name for node in graph.nodes.values()),
        "dense": sum(node.parameters or 0 for node in graph.nodes.values() if node.role != "lookup"),
        "sparse": sum(vocab * graph.tables()[key] for key, vocab in known.items()),
        "tables_of_unknown_size": sum(vocab == AUTO for vocab in rows.values()),
    }


def size(graph: Graph) -> str:
    """`17 features, 7 nodes, 41.2M params`, or `…, 0.12M dense + 3 tables of unknown size`."""
    n = counts(graph)
    parts = [counted(n["features"], "feature"), counted(n["nodes"], "node")]
    unknown = n["tables_of_unknown_size"]
    if not unknown:
        return ", ".join([*parts, f"{human(n['dense'] + n['sparse'])} params"])
    known = [f"{human(n['dense'])} dense", *([f"{human(n['sparse'])} sparse"] if n["sparse"] else [])]
    return ", ".join([*parts, " + ".join([*known, f"{counted(unknown, 'table')} of unknown size"])])
