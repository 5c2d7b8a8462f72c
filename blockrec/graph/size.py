"""How big a checked model is, in words."""

from __future__ import annotations

from blockrec.graph.ir import Graph
from blockrec.language.features import AUTO
from blockrec.words import counted, human


def counts(graph: Graph) -> dict[str, int]:
    """Features read, nodes, parameters of nodes and of tables, and tables whose size the data decides."""
    rows = {key: graph.features[key[1]].vocab for key in graph.tables()}
    known = {key: vocab for key, vocab in rows.items() if isinstance(vocab, int)}
    return {
        "features": sum(name in graph.features for name in graph.used_features()),
        "nodes": sum(node.role != "loss" and "/" not in node.name for node in graph.nodes.values()),
        "dense": sum(node.parameters or 0 for node in graph.nodes.values() if node.role != "lookup"),
        "sparse": sum(vocab * graph.tables()[key] for key, vocab in known.items()),
        "tables_of_known_size": len(known),
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


def in_full(graph: Graph) -> str:
    """`17 features, 7 nodes, 75k dense parameters, 41.2M in 6 tables`, for a graph whose tables have sizes."""
    n = counts(graph)
    tables = f"{human(n['sparse'])} in {counted(len(graph.tables()), 'table')}"
    parts = [counted(n["features"], "feature"), counted(n["nodes"], "node"), f"{human(n['dense'])} dense parameters"]
    return ", ".join([*parts, tables] if graph.tables() else parts)
