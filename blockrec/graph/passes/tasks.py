"""`tasks`, `losses`, `outputs` and `watch`: what leaves the model, and the loss nodes that only training needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.graph.ir import UNRESOLVED, Edge, Node, Sink
from blockrec.graph.passes.expand import Expander
from blockrec.graph.passes.measures import report_items, report_metrics
from blockrec.graph.passes.unfold import Copy
from blockrec.language.renamed import meant
from blockrec.language.values import List, Map

LOSS_WORDS = ("weight",)
WEIGHTS = {"sample_weight": "weight", "mask": "mask"}
"""Keys of a task → ports of its loss."""
GIVEN = {"logits": "logits", "label": "label", **{port: key for key, port in WEIGHTS.items()}}
"""Ports of a loss that its task gives → the keys that say how."""


def expand_sinks(expander: Expander) -> tuple[dict[str, Node], tuple[Sink, ...]]:
    """Loss nodes by graph path (`tasks.click`, `losses.aux`) and every sink, in file order."""
    root, report = expander.document.sections, expander.report
    sinks = _Sinks(expander)
    for name, spec in root.section("tasks").items():
        if isinstance(spec, Map) and isinstance(spec.get("logits"), str) and _names_a_loss(spec.get("loss")):
            sinks.task(name, spec, root.section("tasks").keys_at[name])
    for name, spec in root.section("losses").items():
        if isinstance(spec, Map) and "block" in spec:
            sinks.loss(name, spec, root.section("losses").keys_at[name])
    outputs = root.section("outputs")
    for name, value in outputs.items():
        sinks.found.append(Sink(name, "output", expander.edge(value, outputs.at[name])))
    watched = root.section("watch")
    for name, spec in watched.items():
        sinks.watch(name, spec, watched.at[name])
    report_items(expander.document, expander.features, report)
    _check_names(root, report)
    if not (root.section("tasks") or root.section("losses") or outputs or report.failed):
        report.error(
            "E101", "the model has no task, loss or output", root.span, help="tasks: {click: {logits: NODE, loss: bce}}"
        )
    return sinks.nodes, tuple(sinks.found)


def _names_a_loss(value: object) -> bool:
    """What is neither a block nor a mapping with one is reported with the document's structure."""
    return isinstance(value, str) or (isinstance(value, Map) and "block" in value)


@dataclass
class _Sinks:
    """nodes: of losses; found: what leaves the model."""

    expander: Expander
    nodes: dict[str, Node] = field(default_factory=dict)
    found: list[Sink] = field(default_factory=list)

    def task(self, name: str, spec: Map, at: Span) -> None:
        logits = self.expander.edge(spec["logits"], spec.at["logits"])
        label = self._label(name, spec, at)
        loss = spec.get("loss")
        raw = (
            loss if isinstance(loss, Map) else Map(spec.span, {"block": (spec.keys_at["loss"], loss, spec.at["loss"])})
        )
        path = f"tasks.{name}"
        node = self._node(path, raw, at)
        own = {port: edges for port, edges in node.inputs.items() if port and not self._refused(port, node)}
        inputs = {"logits": (logits,), "label": (label,), **own, **self._weights(spec)}
        self.nodes[path] = replace(node, inputs=inputs)
        report_metrics(
            spec, self.expander.features.labels.get(label.source), self.expander.document, self.expander.report
        )
        metrics, weight = spec.get("metrics"), _weight(spec)
        metrics = tuple(metrics) if isinstance(metrics, List) else ()
        self.found.append(Sink(name, "task", logits, label=label.source, metrics=metrics, loss=path))
        self.found.append(Sink(name, "loss", Edge(path, "out", at), weight=weight, label=label.source))

    def _refused(self, port: str, node: Node) -> bool:
        """Whether it is a port of a loss that the task itself gives: E101."""
        if port in GIVEN:
            message = f"`{port}` of a task's loss is not an input of its own: the task gives it"
            self.expander.report.error("E101", message, node.ports_at[port], help=f"write `{GIVEN[port]}:` at the task")
        return port in GIVEN

    def loss(self, name: str, spec: Map, at: Span) -> None:
        path = f"losses.{name}"
        self.nodes[path] = self._node(path, spec, at, drop=LOSS_WORDS)
        self.found.append(Sink(name, "loss", Edge(path, "out", at), weight=_weight(spec)))

    def watch(self, name: str, spec: object, at: Span) -> None:
        node, warn = (spec.get("node"), spec.get("warn")) if isinstance(spec, Map) else (spec, None)
        if isinstance(node, str):
            edge = self.expander.edge(node, spec.at["node"] if isinstance(spec, Map) else at)
            self.found.append(Sink(name, "watch", edge, warn=warn if isinstance(warn, str) else None))

    def _node(self, path: str, raw: Map, at: Span, drop: tuple[str, ...] = ()) -> Node:
        copy = Copy(path, raw, raw, at, path)
        return replace(self.expander.node(path, copy, self.expander.top, drop), role="loss")

    def _label(self, task: str, spec: Map, task_at: Span) -> Edge:
        labels = self.expander.features.labels
        name, place = spec.get("label", task), spec.at["logits"]
        if name in labels:
            return Edge(name, "out", spec.at.get("label", place))
        if isinstance(name, str) and not self._labels_are_wrong():
            declared = f"labels: {', '.join(labels)}" if labels else f"declare it: `labels: [{name}]`"
            help, at = did_you_mean(name, labels, declared), spec.at.get("label", task_at)
            self.expander.report.error("E209", f"task `{task}` has no label `{name}`", at, help=help)
        return Edge(UNRESOLVED, "out", place)

    def _labels_are_wrong(self) -> bool:
        """Whether the section cannot be read, or stands under another name: reported with the document's structure."""
        root = self.expander.document.root
        written = "labels" in root and not isinstance(root["labels"], List | Map)
        return written or any(meant(key, ["labels"]) for key in self.expander.document.misplaced)

    def _weights(self, spec: Map) -> dict[str, tuple[Edge, ...]]:
        """What the rows of a loss are weighed by, by the port of the loss."""
        return {port: (self._column(key, spec),) for key, port in WEIGHTS.items() if key in spec}

    def _column(self, key: str, spec: Map) -> Edge:
        """A label or a feature of the data."""
        features, name, at = self.expander.features, spec[key], spec.at[key]
        if name in features.labels or name in features.features:
            return Edge(name, "out", at)
        legal = [*features.labels, *features.features]
        help = did_you_mean(name, legal, "declare its column under `labels:`, e.g. {weight: {type: float}}")
        self.expander.report.error("E208", f"`{key}` names no label or feature: `{name}`", at, help=help)
        return Edge(UNRESOLVED, "out", at)


def _weight(spec: Map) -> float:
    """Of a loss in the total; a wrong one is reported with the document's structure."""
    weight = spec.get("weight", 1.0)
    return float(weight) if isinstance(weight, int | float) else 1.0


def _check_names(root: Map, report: Diagnostics) -> None:
    """The module returns one mapping: tasks and outputs share its keys, tasks and losses share `loss.<name>`."""
    tasks = root.section("tasks")
    for section in ("tasks", "losses", "outputs"):
        for name, at in root.section(section).keys_at.items():
            if name in tasks and section != "tasks":
                notes = [(tasks.keys_at[name], "the task")]
                report.error("E201", f"`{name}` is a task already", at, notes=notes)
            if name == "loss":
                report.error("E109", "`loss` is the key of the total loss", at, help="another name")
