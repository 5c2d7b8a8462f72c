"""`tasks`, `losses` and `outputs`: what leaves the model, and the loss nodes that only training needs."""

from __future__ import annotations

from dataclasses import replace

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.graph.ir import UNRESOLVED, Edge, Node, Sink
from blockrec.graph.passes.expand import Expander
from blockrec.language.values import Map

LOSS_WORDS = ("weight",)


def expand_sinks(expander: Expander) -> tuple[dict[str, Node], tuple[Sink, ...]]:
    """Loss nodes by graph path (`tasks.click`, `losses.aux`) and every sink, in file order."""
    root = expander.document.root
    nodes: dict[str, Node] = {}
    sinks: list[Sink] = []
    for name, spec in root.section("tasks").items():
        if isinstance(spec, Map) and isinstance(spec.get("logits"), str) and _names_a_loss(spec.get("loss")):
            _task(name, spec, expander, nodes, sinks)
    for name, spec in root.section("losses").items():
        if isinstance(spec, Map) and "block" in spec:
            _loss(name, spec, expander, nodes, sinks)
    outputs = root.section("outputs")
    for name in outputs:
        edge = _single(expander.edges(outputs[name], outputs.at[name], expander.top), outputs.at[name], expander.report)
        sinks.append(Sink(name, "output", edge))
    _check_names(root, expander.report)
    if not (root.section("tasks") or root.section("losses") or outputs or expander.report.failed):
        expander.report.error(
            "E101", "the model has no task, loss or output", root.span, help="tasks: {click: {logits: NODE, loss: bce}}"
        )
    return nodes, tuple(sinks)


def _names_a_loss(value: object) -> bool:
    """What is neither a block nor a mapping with one is reported with the document's structure."""
    return isinstance(value, str) or (isinstance(value, Map) and "block" in value)


def _task(name: str, spec: Map, expander: Expander, nodes: dict[str, Node], sinks: list[Sink]) -> None:
    at = spec.at["logits"]
    logits = _single(expander.edges(spec["logits"], at, expander.top), at, expander.report)
    label = _label(name, spec, expander)
    metrics = tuple(spec.get("metrics") or ())
    loss = spec.get("loss")
    raw = loss if isinstance(loss, Map) else Map(spec.span, {"block": (spec.keys_at["loss"], loss, spec.at["loss"])})
    at_task = expander.document.root.section("tasks").keys_at[name]
    node = expander.node(f"tasks.{name}", raw, expander.top, at_task)
    nodes[node.name] = replace(node, role="loss", inputs={"logits": (logits,), "label": (label,)})
    sinks.append(Sink(name, "task", logits, label=label.source, metrics=metrics, loss=node.name))
    sinks.append(
        Sink(name, "loss", Edge(node.name, "out", at_task), weight=float(spec.get("weight", 1.0)), label=label.source)
    )


def _label(task: str, spec: Map, expander: Expander) -> Edge:
    labels = expander.features.labels
    name, at = spec.get("label", task), spec.at.get("label", spec.at["logits"])
    if name in labels:
        return Edge(name, "out", at)
    help = did_you_mean(name, labels, f"labels: {', '.join(labels) or 'none are declared'}")
    expander.report.error("E209", f"task `{task}` has no label `{name}`", at, help=help)
    return Edge(UNRESOLVED, "out", at)


def _loss(name: str, spec: Map, expander: Expander, nodes: dict[str, Node], sinks: list[Sink]) -> None:
    at = expander.document.root.section("losses").keys_at[name]
    node = expander.node(f"losses.{name}", spec, expander.top, at, drop=LOSS_WORDS)
    nodes[node.name] = replace(node, role="loss")
    sinks.append(Sink(name, "loss", Edge(node.name, "out", at), weight=float(spec.get("weight", 1.0))))


def _single(edges: tuple[Edge, ...], at: Span, report: Diagnostics) -> Edge:
    if len(edges) > 1:
        report.error("E205", "this takes one value, not several", at, help="join them with {block: concat, in: [...]}")
    return edges[0]


def _check_names(root: Map, report: Diagnostics) -> None:
    """The module returns one mapping: tasks and outputs share its keys, tasks and losses share `loss.<name>`."""
    tasks = root.section("tasks")
    for section in ("losses", "outputs"):
        for name, at in root.section(section).keys_at.items():
            if name in tasks:
                notes = [(tasks.keys_at[name], "the task")]
                report.error("E201", f"`{name}` is a task already", at, notes=notes)
            if name == "loss":
                report.error("E109", "`loss` is the key of the total loss", at, help="another name")
