"""Links between boxes: one for all values that an output, or an input box, sends to a port."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from blockrec.graph.ir import Graph
from blockrec.viz.drawn import NODE, Drawn, node_id
from blockrec.viz.fold import Use
from blockrec.viz.inputs import value_type
from blockrec.viz.scene import Box, Link


@dataclass(frozen=True)
class Ends:
    """Where links may end: homes: box → the box that shows it; features: feature → its input box."""

    graph: Graph
    homes: Mapping[str, str]
    features: Mapping[str, Box]


def links(graph: Graph, found: Iterable[Drawn], homes: Mapping[str, str], features: Mapping[str, Box]) -> list[Link]:
    """Links in reading order of their targets; those inside a closed composite are left out."""
    ends = Ends(graph, homes, features)
    merged: dict[tuple[str, str, str, str], Link] = {}
    for d in found:
        for use in d.uses:
            link = _link(ends, use, d.box)
            key = (link.source, link.output, link.target, link.port)
            if link.source != link.target:
                merged[key] = _joined(merged[key], link) if key in merged else link
    return list(merged.values())


def _joined(old: Link, new: Link) -> Link:
    values = tuple(dict.fromkeys((*old.values, *new.values)))
    return replace(old, values=values, type=old.type if old.type == new.type else "")


def _link(ends: Ends, use: Use, reader: Box) -> Link:
    target = ends.homes[reader.id]
    port = use.port if target == reader.id and reader.role != "embed" else ""
    if use.source not in ends.graph.nodes:
        return _from_feature(ends, use.source, target, port)
    source = ends.homes[node_id(use.source)]
    type = (ends.graph.nodes[use.source].outputs or {}).get(use.output)
    value = use.source if use.output == "out" else f"{use.source}.{use.output}"
    shown = source.removeprefix(NODE)
    closed = shown != use.source
    output = value.removeprefix(f"{shown}.") if closed else use.output
    values = (shown if closed else value,)
    return Link(source, output, target, port, values, str(type) if type else "", bool(type and type.jagged))


def _from_feature(ends: Ends, name: str, target: str, port: str) -> Link:
    sequence = ends.graph.features[name].sequence is not None
    return Link(ends.features[name].id, "out", target, port, (name,), value_type(ends.graph, name), sequence)
