"""From a checked graph to a scene: fold what the compiler made, close deep composites, gather features, order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from blockrec.graph.ir import Graph, Node, Sink
from blockrec.viz.caption import caption
from blockrec.viz.fold import Use, origins, uses, written
from blockrec.viz.inputs import input_boxes, value_type
from blockrec.viz.order import reading_order
from blockrec.viz.scene import Box, Cluster, Link, Path, Read, Scene
from blockrec.viz.words import setting

NODE = "node:"
EMBED = ("lookup", "concat", "stack")
"""What the compiler makes of the form `embed`."""


@dataclass(frozen=True)
class Drawn:
    """A box and the values it reads, before collapsing."""

    box: Box
    uses: tuple[Use, ...]


def node_id(name: str) -> str:
    """The box of a node; features and sinks have other prefixes, as their names may be the same."""
    return NODE + name


def build(graph: Graph, depth: int | None = None) -> Scene:
    """The scene of a checked graph; composites nested deeper than `depth` are closed (0 closes all)."""
    sinks = [_sink(graph, sink) for sink in graph.sinks if not _is_of_task(graph, sink)]
    absorbed = {node.name for sink in graph.sinks if (node := _loss_node(graph, sink))}
    drawn = [*(_node(graph, node) for node in written(graph) if node.name not in absorbed), *sinks]
    homes = {d.box.id: _home(d.box, depth) for d in drawn}
    boxes = _collapse([d.box for d in drawn], homes)
    features = input_boxes(graph, _readers(graph, drawn, homes))
    inputs = {box.id: box for box in features.values()}
    links = _links(graph, drawn, homes, features)
    shown = reading_order([*inputs.values(), *(_with_ports(box, links) for box in boxes)], links)
    return Scene(graph.name, graph.doc, caption(graph), tuple(shown), tuple(links), _clusters(shown))


def _node(graph: Graph, node: Node) -> Drawn:
    found = tuple(use for use in uses(graph, node) if use.source not in graph.labels)
    reads = tuple(use.read for use in found if use.read)
    path = tuple(node.name.split("."))
    box = Box(
        id=node_id(node.name),
        role="loss" if node.role == "loss" else "embed" if reads else "block",
        name=node.name,
        label=path[-1],
        block="embed" if reads and node.block in EMBED else node.block,
        cluster=path[:-1] if node.role != "loss" else (),
        outputs={name: str(type) for name, type in (node.outputs or {}).items()},
        parameters=node.parameters if not reads else None,
        reads=reads,
        settings=_settings(node) if not reads else {},
        written=tuple(name for name in node.params if name in node.params_at) if not reads else (),
        doc=node.doc,
        place=str(node.span),
    )
    return Drawn(box, found)


def _settings(node: Node) -> dict[str, str]:
    kernel = {"kernel": node.kernel} if node.kernel else {}
    return {name: setting(value) for name, value in (*node.params.items(), *kernel.items())}


def _sink(graph: Graph, sink: Sink) -> Drawn:
    node = _loss_node(graph, sink)
    found = uses(graph, node) if node and sink.kind == "loss" else list(origins(graph, sink.edge, ""))
    read = uses(graph, node) if node else []
    label = sink.label or next((use.source for use in read if use.source in graph.labels), None)
    notes = [f"label {label}"] if label else []
    weight = next((s.weight for s in graph.sinks if s.kind == "loss" and node and s.edge.source == node.name), sink.weight)
    notes += [f"weight {weight:g}"] if weight != 1.0 else []
    notes += [", ".join(map(_metric, sink.metrics))] if sink.metrics else []
    box = Box(
        id=f"{sink.kind}:{sink.name}",
        role=sink.kind,
        name=sink.name,
        label=sink.name,
        block=node.block if node else sink.loss or "",
        parameters=node.parameters if node else None,
        notes=tuple(notes),
        settings=_settings(node) if node else {},
        doc=node.doc if node else "",
    )
    return Drawn(box, tuple(use for use in found if use.source not in graph.labels))


def _loss_node(graph: Graph, sink: Sink) -> Node | None:
    name = sink.edge.source if sink.kind == "loss" else sink.loss
    node = graph.nodes.get(name or "")
    return node if node and node.role == "loss" else None


def _is_of_task(graph: Graph, sink: Sink) -> bool:
    """Whether this is the loss of a task, which the task's box shows."""
    return sink.kind == "loss" and any(s.kind == "task" and s.loss == sink.edge.source for s in graph.sinks)


def _metric(metric: object) -> str:
    """`auc`, or `gauc by user` for `{gauc: {by: user}}`."""
    if not isinstance(metric, Mapping):
        return str(metric)
    return ", ".join(" ".join([name, *(f"{k} {setting(v)}" for k, v in (given or {}).items())]) for name, given in metric.items())


def _home(box: Box, depth: int | None) -> str:
    if depth is None or len(box.cluster) <= depth:
        return box.id
    return node_id(".".join(box.cluster[: depth + 1]))


def _collapse(boxes: Iterable[Box], homes: dict[str, str]) -> list[Box]:
    """Boxes after closing composites: members of a closed one become a single box at the first member's place."""
    members: dict[str, list[Box]] = {}
    for box in boxes:
        members.setdefault(homes[box.id], []).append(box)
    return [inner[0] if inner[0].id == home else _closed(home, inner) for home, inner in members.items()]


def _closed(home: str, inner: list[Box]) -> Box:
    name = home.removeprefix(NODE)
    path = tuple(name.split("."))
    reads: tuple[Read, ...] = tuple(dict.fromkeys(read for box in inner for read in box.reads))
    names = tuple(box.name.removeprefix(f"{name}.") for box in inner)
    total = _total(inner)
    return Box(home, "composite", name, path[-1], "", path[:-1], parameters=total, reads=reads, inside=names)


def _total(boxes: Iterable[Box]) -> int | None:
    known = [box.parameters for box in boxes if box.role != "embed"]
    return None if None in known else sum(n for n in known if n is not None)


def _readers(graph: Graph, drawn: list[Drawn], homes: dict[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for d in drawn:
        for use in d.uses:
            if use.source in graph.features and use.source not in graph.nodes:
                found.setdefault(use.source, {})[homes[d.box.id]] = None
    return {name: tuple(readers) for name, readers in found.items()}


def _links(graph: Graph, drawn: list[Drawn], homes: dict[str, str], features: dict[str, Box]) -> list[Link]:
    """One link for all values that one output (or one input box) sends to one port."""
    merged: dict[tuple[str, str, str, str], Link] = {}
    for d in drawn:
        target = homes[d.box.id]
        for use in d.uses:
            link = _link(graph, use, target, use.port if target == d.box.id else "", homes, features)
            key = (link.source, link.output, link.target, link.port)
            if link.source != link.target:
                merged[key] = _joined(merged.get(key), link)
    return list(merged.values())


def _joined(old: Link | None, new: Link) -> Link:
    if old is None:
        return new
    return replace(old, values=tuple(dict.fromkeys((*old.values, *new.values))), type=old.type if old.type == new.type else "")


def _link(graph: Graph, use: Use, target: str, port: str, homes: dict[str, str], features: dict[str, Box]) -> Link:
    if use.source not in graph.nodes:
        sequence = graph.features[use.source].sequence is not None
        return Link(features[use.source].id, "out", target, port, (use.source,), value_type(graph, use.source), sequence)
    source = homes[node_id(use.source)]
    type = (graph.nodes[use.source].outputs or {}).get(use.output)
    value = use.source if use.output == "out" else f"{use.source}.{use.output}"
    output = use.output if source == node_id(use.source) else value.removeprefix(f"{source.removeprefix(NODE)}.")
    return Link(source, output, target, port, (value,), str(type) if type else "", bool(type and type.jagged))


def _with_ports(box: Box, links: list[Link]) -> Box:
    ports = Counter(link.port for link in links if link.target == box.id)
    leaving = {link.output: link.type for link in links if link.source == box.id}
    return replace(box, ports=ports, outputs=box.outputs or leaving)


def _clusters(boxes: Iterable[Box]) -> tuple[Cluster, ...]:
    members: dict[Path, list[Box]] = {}
    for box in boxes:
        for level in range(1, len(box.cluster) + 1):
            members.setdefault(box.cluster[:level], []).append(box)
    return tuple(Cluster(path, len(inner), _total(inner)) for path, inner in members.items())
