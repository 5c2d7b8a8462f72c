"""Pages of what a model returns: tasks, losses, outputs, watched values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from blockrec.graph.explain import nodes
from blockrec.graph.explain.page import Known, Page, Row
from blockrec.graph.ir import Sink
from blockrec.graph.written import owner, reference
from blockrec.language.values import Map

Kind = Literal["task", "loss", "output", "watch"]


def task(known: Known, name: str) -> Iterator[Page]:
    """A task: its logits, label, loss and metrics."""
    yield from _page(known, name, "task", "tasks")


def loss(known: Known, name: str) -> Iterator[Page]:
    """A further loss."""
    if name in known.document.root.section("losses"):
        yield from _page(known, name, "loss", "losses")


def output(known: Known, name: str) -> Iterator[Page]:
    """A value that the model gives beside its predictions."""
    yield from _page(known, name, "output", "outputs")


def watch(known: Known, name: str) -> Iterator[Page]:
    """A value that a run logs."""
    yield from _page(known, name, "watch", "watch")


def _page(known: Known, name: str, kind: Kind, section: str) -> Iterator[Page]:
    graph = known.checked.whole
    sink = next((s for s in graph.sinks if s.kind == kind and s.name == name), None)
    if sink is None:
        return
    needs = graph.ancestors({sink.edge.source} & graph.nodes.keys())
    sections: dict[str, list[Row]] = {
        "written": [*_written(known, section, name)],
        "value": [_value(known, sink)],
        "needs": [
            {"what": "nodes", "value": len({owner(n, graph) for n in needs})},
            {"what": "features", "value": ", ".join(_features(known, needs))},
        ],
    }
    at = f"{section}.{name}"
    if at in known.written:
        (page,) = nodes.node(known, at)
        sections["loss"] = [{"block": known.written[at].block, "doc": page.doc}]
        sections["parameters"] = [*page.sections["parameters"]]
    yield Page(kind, name, "", sections)


def _written(known: Known, section: str, name: str) -> Iterator[Row]:
    raw = known.document.root.section(section)
    inner = raw.get(name)
    if isinstance(inner, Map):
        for key, value in inner.items():
            yield {"key": key, "value": value, "origin": known.provenance.of(inner.at[key])}
    elif name in raw:
        yield {"key": name, "value": inner, "origin": known.provenance.of(raw.at[name])}


def _value(known: Known, sink: Sink) -> Row:
    type = known.types[sink.edge.source, sink.edge.output]
    return {"key": sink.key, "node": reference(sink.edge), "dtype": type.dtype, "type": str(type)}


def _features(known: Known, names: set[str]) -> list[str]:
    graph = known.checked.whole
    used = {edge.source for name in names for _, edge in graph.nodes[name].edges()}
    return [name for name in graph.features if name in used]
