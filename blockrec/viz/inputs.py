"""Features as boxes: one box a sequence, and one for features that go to the same places."""

from __future__ import annotations

from collections.abc import Mapping

from blockrec.graph.ir import Graph
from blockrec.viz.scene import Box, Row
from blockrec.words import human


def input_boxes(graph: Graph, readers: Mapping[str, tuple[str, ...]]) -> dict[str, Box]:
    """Feature → its box; `readers` are the boxes that read it. Features of one box share the value."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in (f for f in graph.features if f in readers):
        sequence = graph.features[name].sequence
        groups.setdefault((sequence,) if sequence else ("", *sorted(readers[name])), []).append(name)
    return {name: box for names in groups.values() for box in [_box(graph, names, readers)] for name in names}


def tables(graph: Graph, root: str) -> str:
    """The tables of a feature's ids: `9.41k × 16 att, rep`, or `9.41k × 8 att · 9.41k × 16 rep`."""
    by_dim: dict[int, list[str]] = {}
    for (table, owner), dim in graph.tables().items():
        if owner == root:
            by_dim.setdefault(dim, []).append(table)
    return " · ".join(f"{_rows(graph, root)} × {dim} {', '.join(names)}" for dim, names in by_dim.items())


def value_type(graph: Graph, name: str) -> str:
    """The type of a feature's value, before any table."""
    feature = graph.features[name]
    axes = ["b", feature.axis, str(feature.width) if feature.kind == "dense" else None]
    return f"[{', '.join(axis for axis in axes if axis)}]"


def _box(graph: Graph, names: list[str], readers: Mapping[str, tuple[str, ...]]) -> Box:
    sequence = graph.features[names[0]].sequence
    name = sequence or ", ".join(names)
    rows = tuple(Row(n, _detail(graph, n, readers)) for n in names)
    return Box(f"input:{name}", "input", name, sequence or "", "sequence" if sequence else "", rows=rows)


def _detail(graph: Graph, name: str, readers: Mapping[str, tuple[str, ...]]) -> str:
    feature = graph.features[name]
    if feature.kind != "id":
        return f"dense × {feature.width}" if feature.kind == "dense" else f"raw {feature.dtype}"
    if feature.root != name and feature.root in readers:
        return f"like {feature.root}"
    return tables(graph, feature.root) or f"{_rows(graph, feature.root)} ids"


def _rows(graph: Graph, root: str) -> str:
    vocab = graph.features[root].vocab
    return human(vocab) if isinstance(vocab, int) else "auto"
