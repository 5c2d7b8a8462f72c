"""How big a checked model is, in words."""

from __future__ import annotations

from collections.abc import Mapping

from blockrec.graph.ir import Graph, Node
from blockrec.language.features import AUTO
from blockrec.words import counted, human, work


def counts(graph: Graph) -> dict[str, int]:
    """Features read, nodes, parameters of nodes and of tables, tables whose size the data decides, work for a sample.

    flops, bytes: of the forward pass, equal lookups done once, without the nodes that `of_unknown_work` counts.
    """
    done = _done(graph)
    dims = graph.tables()
    rows = {key: graph.features[key[1]].vocab for key in dims}
    known = {key: vocab for key, vocab in rows.items() if isinstance(vocab, int)}
    return {
        "features": sum(name in graph.features for name in graph.used_features()),
        "nodes": sum(node.role != "loss" and "/" not in node.name for node in graph.nodes.values()),
        "dense": sum(node.parameters or 0 for node in graph.nodes.values() if node.role != "lookup"),
        "sparse": sum(vocab * dims[key] for key, vocab in known.items()),
        "tables_of_known_size": len(known),
        "tables_of_unknown_size": sum(vocab == AUTO for vocab in rows.values()),
        "flops": sum(node.flops or 0 for node in done),
        "bytes": sum(node.bytes or 0 for node in done),
        "of_unknown_work": sum(node.flops is None for node in done),
    }


def _done(graph: Graph) -> list[Node]:
    """The nodes that are computed: one of equal lookups."""
    rows = {(n.params["table"], n.params["feature"]): n for n in graph.nodes.values() if n.role == "lookup"}
    return [*rows.values(), *(n for n in graph.nodes.values() if n.role != "lookup")]


def _work(n: Mapping[str, int]) -> list[str]:
    known = n["of_unknown_work"] == 0
    return [work(n["flops"]) if known else f"at least {work(n['flops'])}"] if known or n["flops"] else []


def size(graph: Graph) -> str:
    """`17 features, 7 nodes, 41.2M params, 1.3 MFLOPs`, or `…, 0.12M dense + 3 tables of unknown size, …`."""
    n = counts(graph)
    parts = [counted(n["features"], "feature"), counted(n["nodes"], "node")]
    unknown = n["tables_of_unknown_size"]
    if not unknown:
        return ", ".join([*parts, f"{human(n['dense'] + n['sparse'])} params", *_work(n)])
    known = [f"{human(n['dense'])} dense", *([f"{human(n['sparse'])} sparse"] if n["sparse"] else [])]
    return ", ".join([*parts, " + ".join([*known, f"{counted(unknown, 'table')} of unknown size"]), *_work(n)])


def in_full(graph: Graph) -> str:
    """`17 features, 7 nodes, 75k dense parameters, 41.2M in 6 tables, 1.3 MFLOPs a sample`; tables have sizes."""
    n = counts(graph)
    tables = f"{human(n['sparse'])} in {counted(len(graph.tables()), 'table')}"
    parts = [counted(n["features"], "feature"), counted(n["nodes"], "node"), f"{human(n['dense'])} dense parameters"]
    return ", ".join([*parts, *([tables] if graph.tables() else []), *(f"{w} a sample" for w in _work(n))])
