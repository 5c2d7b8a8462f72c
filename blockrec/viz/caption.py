"""The line under a picture's title: how much of what the model has."""

from __future__ import annotations

from blockrec.graph.ir import Graph, Node
from blockrec.viz.fold import is_made, written
from blockrec.words import counted, human, parameters


def caption(graph: Graph) -> str:
    """`5 features · 14 nodes · 31.2k parameters · 5 tables with 130M numbers`; what is not known is left out."""
    used = [name for name in graph.used_features() if name in graph.features]
    nodes = [node for node in written(graph) if node.role != "loss"]
    parts = [counted(len(used), "feature"), counted(len(nodes), "node"), _dense(graph), _tables(graph)]
    return " · ".join(filter(None, parts))


def _dense(graph: Graph) -> str:
    counts = [node.parameters for node in graph.nodes.values() if not _is_lookup(node)]
    known = [n for n in counts if n is not None]
    return parameters(sum(known)) if known and len(known) == len(counts) else ""


def _is_lookup(node: Node) -> bool:
    return node.role == "lookup" or (node.parameters is None and (is_made(node.name) or node.block == "concat"))


def _tables(graph: Graph) -> str:
    dims = graph.tables()
    if not dims:
        return ""
    sizes = [(graph.features[root].vocab, dim) for (_, root), dim in dims.items()]
    total = sum(vocab * dim for vocab, dim in sizes if isinstance(vocab, int))
    known = all(isinstance(vocab, int) for vocab, _ in sizes)
    return f"{counted(len(dims), 'table')} {f'with {human(total)} numbers' if known else 'of unknown size'}"
