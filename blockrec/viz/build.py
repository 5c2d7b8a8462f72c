"""From a checked graph to a scene: fold what the compiler made, close deep composites, gather features, order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from blockrec.graph.ir import Graph
from blockrec.viz.caption import caption
from blockrec.viz.drawn import NODE, Drawn, drawn, node_id
from blockrec.viz.inputs import input_boxes
from blockrec.viz.links import links
from blockrec.viz.order import reading_order
from blockrec.viz.scene import Box, Cluster, Link, Path, Scene


def build(graph: Graph, depth: int | None = None) -> Scene:
    """The scene of a checked graph; composites nested deeper than `depth` are closed (0 closes all)."""
    found = drawn(graph)
    homes = {d.box.id: _home(d.box, depth) for d in found}
    features = input_boxes(graph, _readers(graph, found, homes))
    wires = links(graph, found, homes, features)
    inputs = list({box.id: box for box in features.values()}.values())
    boxes = [_with_ports(box, wires) for box in _collapsed([d.box for d in found], homes)]
    shown = reading_order([*inputs, *boxes], wires)
    return Scene(graph.name, graph.doc, caption(graph), tuple(shown), tuple(wires), tuple(_clusters(shown)))


def _home(box: Box, depth: int | None) -> str:
    """The box that shows `box`: itself, or the closed composite that it is in."""
    if depth is None or len(box.cluster) <= depth:
        return box.id
    return node_id(".".join(box.cluster[: depth + 1]))


def _readers(graph: Graph, found: Iterable[Drawn], homes: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Feature → the boxes that read it."""
    readers: dict[str, dict[str, None]] = {}
    for d in found:
        for use in d.uses:
            if use.source not in graph.nodes:
                readers.setdefault(use.source, {})[homes[d.box.id]] = None
    return {name: tuple(ids) for name, ids in readers.items()}


def _collapsed(boxes: Iterable[Box], homes: Mapping[str, str]) -> list[Box]:
    """Members of a closed composite become one box at the place of the first."""
    members: dict[str, list[Box]] = {}
    for box in boxes:
        members.setdefault(homes[box.id], []).append(box)
    return [inner[0] if inner[0].id == home else _closed(home, inner) for home, inner in members.items()]


def _closed(home: str, inner: Sequence[Box]) -> Box:
    name = home.removeprefix(NODE)
    path = tuple(name.split("."))
    return Box(
        id=home,
        role="composite",
        name=name,
        label=path[-1],
        cluster=path[:-1],
        parameters=_total(inner),
        reads=tuple(dict.fromkeys(read for box in inner for read in box.reads)),
        inside=tuple(box.name.removeprefix(f"{name}.") for box in inner),
    )


def _total(boxes: Iterable[Box]) -> int | None:
    """Parameters outside tables, None if those of some box are not known."""
    counts = [box.parameters for box in boxes if box.role != "embed"]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _with_ports(box: Box, wires: Sequence[Link]) -> Box:
    """The box with its used ports; a closed composite yields what leaves it."""
    leaving = {link.output: link.type for link in wires if link.source == box.id}
    return replace(
        box, ports=Counter(link.port for link in wires if link.target == box.id), outputs=box.outputs or leaving
    )


def _clusters(boxes: Iterable[Box]) -> Iterable[Cluster]:
    members: dict[Path, list[Box]] = {}
    for box in boxes:
        for level in range(1, len(box.cluster) + 1):
            members.setdefault(box.cluster[:level], []).append(box)
    return (Cluster(path, len(inner), _total(inner)) for path, inner in members.items())
