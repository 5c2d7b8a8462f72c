"""What a task predicts, and what is measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from blockrec.data.needs import GROUP
from blockrec.graph.ir import Graph, Sink
from blockrec.graph.lower import own_path
from blockrec.jagged import Jagged
from blockrec.language.features import Column, Feature, Hashed, Listed
from blockrec.language.metrics import Metric, read_metrics
from blockrec.metrics.measure import Array


@dataclass(frozen=True)
class Task:
    """What to measure: a task's logits, turned to predictions by its loss, against a label where a mask is not 0.

    columns: feature that metrics group by → where a batch has its values, if those of the feature are not enough.
    """

    name: str
    label: str
    loss: str
    metrics: tuple[Metric, ...]
    mask: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> dict[str, str]:
        """What its metrics group by → where a batch has it."""
        return {metric.by: self.columns.get(metric.by, metric.by) for metric in self.metrics if metric.by}

    @property
    def of_rows(self) -> list[Metric]:
        """The metrics of the split's own rows."""
        return [metric for metric in self.metrics if metric.over in (None, "candidates")]

    @property
    def of_catalogue(self) -> list[Metric]:
        """The metrics of a ranking of all items."""
        return [metric for metric in self.metrics if metric.over == "catalogue"]

    @property
    def of_tree(self) -> list[Metric]:
        """The metrics of the items that a search down the tree reaches."""
        return [metric for metric in self.metrics if metric.over == "tree"]


def tasks_of(graph: Graph) -> list[Task]:
    """The tasks that have a metric."""
    return [_task(sink, graph) for sink in graph.sinks if sink.kind == "task" and sink.metrics]


def _task(sink: Sink, graph: Graph) -> Task:
    loss = sink.loss or f"tasks.{sink.name}"
    node = graph.nodes.get(loss)
    mask = next((edge.source for port, edge in node.edges() if port == "mask"), None) if node else None
    metrics = tuple(read_metrics(sink.metrics))
    columns = {by: _group_of(graph.features[by]) for m in metrics if (by := m.by) and by in graph.features}
    return Task(sink.name, sink.label or sink.name, loss, metrics, mask, columns)


def _group_of(feature: Feature) -> str:
    """Where a batch tells apart what the data do: ids that share a row of a table are not one group."""
    shared = isinstance(feature.ids, Listed | Hashed) and feature.axis is None
    return f"{GROUP}{feature.source.name}" if shared and isinstance(feature.source, Column) else feature.name


def predictions(model: Any, task: Task, logits: Tensor | Jagged) -> Array:
    """[n] what a task predicts, as 64-bit numbers."""
    predicted: Tensor = model.get_submodule(own_path(task.loss)).predict(values_of(logits))
    return array_of(predicted.reshape(-1).double())


def array_of(value: Tensor) -> Array:
    """As numpy has it, floats in 64 bits."""
    found: Array = (value.double() if value.is_floating_point() else value).cpu().numpy()
    return found


def values_of(value: Tensor | Jagged) -> Tensor:
    return value.values if isinstance(value, Jagged) else value
