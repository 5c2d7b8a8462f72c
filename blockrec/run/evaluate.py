"""Measures a model on a split: one pass, then every metric on all predictions of a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from blockrec.graph.ir import Graph, Sink
from blockrec.jagged import Jagged
from blockrec.language.metrics import Metric, read_metrics
from blockrec.metrics.measure import Array, Details
from blockrec.metrics.table import Found, Table
from blockrec.run.batches import Batch, Split, moved
from blockrec.run.modes import measuring
from blockrec.run.watch import Look

NOTHING = Look(())


@dataclass(frozen=True)
class Task:
    """What to measure: a task's logits, turned to predictions by its loss, against a label where a mask is not 0."""

    name: str
    label: str
    loss: str
    metrics: tuple[Metric, ...]
    mask: str | None = None

    @property
    def groups(self) -> set[str]:
        """The columns that its metrics group by."""
        return {metric.by for metric in self.metrics if metric.by}

    @property
    def of_rows(self) -> list[Metric]:
        """The metrics of the split's own rows."""
        return [metric for metric in self.metrics if not metric.catalogue]


@dataclass(frozen=True)
class Scores:
    """metrics: `<split>/<task>/<metric>` → value. undefined: what could not be measured, and why.

    details: `<split>/<task>/<metric>` → what is known beside the value, as plain data.
    """

    metrics: dict[str, float]
    undefined: tuple[str, ...] = ()
    details: dict[str, Details] = field(default_factory=dict)


def tasks_of(graph: Graph) -> list[Task]:
    """The tasks that have a metric."""
    return [_task(sink, graph) for sink in graph.sinks if sink.kind == "task" and sink.metrics]


def _task(sink: Sink, graph: Graph) -> Task:
    loss = sink.loss or f"tasks.{sink.name}"
    node = graph.nodes.get(loss)
    mask = next((edge.source for port, edge in node.edges() if port == "mask"), None) if node else None
    return Task(sink.name, sink.label or sink.name, loss, tuple(read_metrics(sink.metrics)), mask)


def evaluate(
    model: Any,
    split: Split,
    name: str,
    tasks: Sequence[Task],
    *,
    batch_size: int,
    device: torch.device,
    stop: Callable[[], bool] = lambda: False,
    look: Look = NOTHING,
) -> Scores | None:
    """Every metric of every task on the split called `name`; None if `stop()` said so on the way.

    look: sees the watched values of every batch.
    """
    with ExitStack() as stack:
        tables = {task.name: stack.enter_context(closing(Table(task.of_rows))) for task in tasks}
        if not _measure(model, split, tasks, tables, batch_size, device, stop, look):
            return None
        return scores_of(name, {task: table.results() for task, table in tables.items()})


def scores_of(split: str, found: dict[str, Found]) -> Scores:
    """What was found of each task, under the names that results have."""
    metrics: dict[str, float] = {}
    details: dict[str, Details] = {}
    undefined: list[str] = []
    for task, results in found.items():
        metrics |= {f"{split}/{task}/{metric}": value for metric, value in results.values.items()}
        details |= {f"{split}/{task}/{metric}": known for metric, known in results.details.items()}
        undefined += [f"{split}/{task}/{metric} is not defined: {why}" for metric, why in results.undefined.items()]
    return Scores(metrics, tuple(undefined), details)


def _measure(
    model: Any,
    split: Split,
    tasks: Sequence[Task],
    tables: dict[str, Table],
    batch_size: int,
    device: torch.device,
    stop: Callable[[], bool],
    look: Look,
) -> bool:
    """Fill the tables with the predictions of all samples, or of all their steps; False if it was stopped."""
    predictor = model.only(*(t.name for t in tasks), *look.keys)
    with measuring(model, predictor):
        for batch in split.batches(batch_size):
            outputs = predictor(moved(batch, device))
            look.see(outputs)
            for task in tasks:
                scores = predictions(model, task, outputs[task.name])
                tables[task.name].add(*_counting(task, batch, scores))
            if stop():
                return False
    return True


def predictions(model: Any, task: Task, logits: Tensor | Jagged) -> Array:
    """[n] what a task predicts, as 64-bit numbers."""
    predicted: Tensor = model.get_submodule(task.loss).predict(_values(logits))
    return _array(predicted.reshape(-1))


def _counting(task: Task, batch: Batch, scores: Array) -> tuple[Array, Array, dict[str, Array]]:
    """Predictions, labels and groups [n] without what the mask leaves out.

    The group of a sample holds for each step that has a label of its own.
    """
    label = batch[task.label]
    groups = {}
    for column in task.groups:
        group = _values(batch[column])
        groups[column] = _array(group[label.rows] if isinstance(label, Jagged) else group).reshape(-1)
    labels = _array(_values(label)).reshape(-1)
    if task.mask is None:
        return scores, labels, groups
    counts = _array(_values(batch[task.mask])).reshape(-1) != 0
    return scores[counts], labels[counts], {name: group[counts] for name, group in groups.items()}


def _array(value: Tensor) -> Array:
    """As numpy has it, floats in 64 bits."""
    found: Array = (value.double() if value.is_floating_point() else value).cpu().numpy()
    return found


def _values(value: Tensor | Jagged) -> Tensor:
    return value.values if isinstance(value, Jagged) else value
