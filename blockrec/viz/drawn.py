"""Boxes of nodes and sinks, each with what it reads; a loss that belongs to a sink is part of the sink's box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from blockrec.graph.ir import Graph, Node, Sink
from blockrec.viz.fold import Use, origins, uses, written
from blockrec.viz.scene import Box
from blockrec.words import setting

NODE = "node:"
EMBED = ("lookup", "concat", "stack")
"""What the compiler makes of the form `embed`."""


@dataclass(frozen=True)
class Drawn:
    """A box and the values it reads."""

    box: Box
    uses: tuple[Use, ...]


def node_id(name: str) -> str:
    """The box of a node; features and sinks have other prefixes, as their names may be the same."""
    return NODE + name


def drawn(graph: Graph) -> list[Drawn]:
    """Nodes that the user wrote, then sinks."""
    absorbed = {node.name for sink in graph.sinks if (node := _loss_node(graph, sink))}
    nodes = [_node(graph, node) for node in written(graph) if node.name not in absorbed]
    return nodes + [_sink(graph, sink) for sink in graph.sinks if not _is_of_task(graph, sink)]


def _node(graph: Graph, node: Node) -> Drawn:
    found = _values(graph, uses(graph, node))
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
        notes=(f"reads tables for {', '.join(node.fused)}",) if node.fused else (),
        settings=_settings(node) if not reads else {},
        written=tuple(name for name in node.params if name in node.params_at) if not reads else (),
        doc=node.doc,
        place=_place(node),
    )
    return Drawn(box, found)


def _place(node: Node) -> str:
    """`dare.yaml:41`: without folders, so that a picture is the same on every machine."""
    return f"{PurePath(node.span.source.name).name}:{node.span.line + 1}"


def _sink(graph: Graph, sink: Sink) -> Drawn:
    node = _loss_node(graph, sink)
    found = uses(graph, node) if node and sink.kind == "loss" else list(origins(graph, sink.edge, ""))
    box = Box(
        id=f"{sink.kind}:{sink.name}",
        role=sink.kind,
        name=sink.name,
        label=sink.name,
        block=node.block if node else sink.loss or "",
        parameters=node.parameters if node else None,
        notes=tuple(_notes(graph, sink, node)),
        settings=_settings(node) if node else {},
        doc=node.doc if node else "",
    )
    return Drawn(box, _values(graph, found))


def _notes(graph: Graph, sink: Sink, loss: Node | None) -> list[str]:
    """The label, the weight unless it is 1, and the metrics."""
    labels = [edge.source for _, edge in loss.edges() if edge.source in graph.labels] if loss else []
    label = sink.label or next(iter(labels), None)
    weight = next(
        (s.weight for s in graph.sinks if s.kind == "loss" and loss and s.edge.source == loss.name), sink.weight
    )
    return [
        *([f"label {label}"] if label else []),
        *([f"weight {weight:g}"] if weight != 1.0 else []),
        *([", ".join(map(_metric, sink.metrics))] if sink.metrics else []),
    ]


def _metric(metric: object) -> str:
    """`auc`, or `gauc by user` for `{gauc: {by: user}}`."""
    if not isinstance(metric, Mapping):
        return str(metric)
    return ", ".join(" ".join([name, *_options(given)]) for name, given in metric.items())


def _options(given: Mapping[str, object] | None) -> list[str]:
    return [f"{name} {setting(value)}" for name, value in (given or {}).items()]


def _values(graph: Graph, found: Sequence[Use]) -> tuple[Use, ...]:
    """Uses without labels, which are notes of a sink and no boxes."""
    return tuple(use for use in found if use.source not in graph.labels or use.source in graph.nodes)


def _settings(node: Node) -> dict[str, str]:
    kernel = {"kernel": node.kernel} if node.kernel else {}
    return {name: setting(value) for name, value in (*node.params.items(), *kernel.items())}


def _loss_node(graph: Graph, sink: Sink) -> Node | None:
    name = sink.edge.source if sink.kind == "loss" else sink.loss
    node = graph.nodes.get(name or "")
    return node if node and node.role == "loss" else None


def _is_of_task(graph: Graph, sink: Sink) -> bool:
    """Whether this is the loss of a task, which the task's box shows."""
    return sink.kind == "loss" and any(s.kind == "task" and s.loss == sink.edge.source for s in graph.sinks)
