"""Logits and labels of classes: one column for each."""

from __future__ import annotations

from blockrec.diagnostics import Diagnostics
from blockrec.graph.ir import Graph


def check_classes(graph: Graph, report: Diagnostics) -> None:
    """E310 for a task whose logits have another width than its label has classes. Relies on `infer_types`."""
    for sink in graph.sinks:
        label = graph.labels.get(sink.label or "") if sink.kind == "task" else None
        node = graph.nodes.get(sink.edge.source)
        type = (node.outputs or {}).get(sink.edge.output) if node else None
        if label is None or label.classes is None or type is None or label.classes == type.axes[-1]:
            continue
        message = f"the logits of task `{sink.name}` do not fit its label"
        many = f"{type}, but `{label.name}` has {label.classes} classes"
        help = f"{{block: linear, in: ..., out: {label.classes}}}, and the loss softmax; for a number, `type: float`"
        report.error("E310", message, sink.edge.span, label=many, notes=[(label.span, "the label")], help=help)
