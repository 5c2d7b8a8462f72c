"""Measures a model on a split: one pass, then every metric on all predictions of a task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from blockrec.graph.ir import Graph, Sink
from blockrec.jagged import Jagged
from blockrec.metrics.metric import Metric, Undefined, metrics
from blockrec.run.batches import Batch, Split, moved
from blockrec.run.modes import measuring
from blockrec.run.watch import Look

NOTHING = Look(())
SCORE = ""
"""Among the columns of a task: its predictions. (No column has this name.)"""
Columns = dict[tuple[str, str], Tensor]


@dataclass(frozen=True)
class Task:
    """What to measure: a task's logits, turned to probabilities by its loss, against a label where a mask is not 0."""

    name: str
    label: str
    loss: str
    metrics: tuple[Metric, ...]
    mask: str | None = None

    @property
    def groups(self) -> set[str]:
        """The columns that its metrics group by."""
        return {metric.by for metric in self.metrics if metric.by}


@dataclass(frozen=True)
class Scores:
    """metrics: `<split>/<task>/<metric>` → value. undefined: what could not be measured, and why."""

    metrics: dict[str, float]
    undefined: tuple[str, ...] = ()


def tasks_of(graph: Graph) -> list[Task]:
    """The tasks that have a metric."""
    return [_task(sink, graph) for sink in graph.sinks if sink.kind == "task" and sink.metrics]


def _task(sink: Sink, graph: Graph) -> Task:
    loss = sink.loss or f"tasks.{sink.name}"
    node = graph.nodes.get(loss)
    mask = next((edge.source for port, edge in node.edges() if port == "mask"), None) if node else None
    return Task(sink.name, sink.label or sink.name, loss, tuple(metrics(sink.metrics)), mask)


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
    columns = _predictions(model, split, tasks, batch_size, device, stop, look)
    if columns is None:
        return None
    found, undefined = {}, []
    for task in tasks:
        for metric in task.metrics:
            path = f"{name}/{task.name}/{metric.name}"
            groups = columns[task.name, metric.by] if metric.by else None
            try:
                found[path] = metric.compute(columns[task.name, SCORE], columns[task.name, task.label], groups)
            except Undefined as reason:
                undefined.append(f"{path} is not defined: {reason}")
    return Scores(found, tuple(undefined))


def _predictions(
    model: Any,
    split: Split,
    tasks: Sequence[Task],
    batch_size: int,
    device: torch.device,
    stop: Callable[[], bool],
    look: Look,
) -> Columns | None:
    """(task, column) → scores, labels and groups of all samples, or of all their steps, on the CPU."""
    parts: dict[tuple[str, str], list[Tensor]] = defaultdict(list)
    predictor = model.only(*(t.name for t in tasks), *look.keys)
    with measuring(model, predictor):
        for batch in split.batches(batch_size):
            outputs = predictor(moved(batch, device))
            look.see(outputs)
            for task in tasks:
                scores = model.get_submodule(task.loss).predict(_values(outputs[task.name]))
                for column, value in _counting(task, batch, {SCORE: scores, **_measured(task, batch)}).items():
                    parts[task.name, column].append(value)
            if stop():
                return None
    names = [(task.name, column) for task in tasks for column in (SCORE, task.label, *task.groups)]
    return {name: torch.cat(parts[name]).cpu() if parts[name] else torch.empty(0) for name in names}


def _measured(task: Task, batch: Batch) -> dict[str, Tensor]:
    """The label of a task, and its groups: those of a sample hold for each step that has a label of its own."""
    label = batch[task.label]
    found = {task.label: _values(label)}
    for column in task.groups:
        group = _values(batch[column])
        found[column] = group[label.rows] if isinstance(label, Jagged) else group
    return found


def _counting(task: Task, batch: Batch, columns: dict[str, Tensor]) -> dict[str, Tensor]:
    """The columns [n] without what the mask leaves out."""
    flat = {name: value.reshape(-1) for name, value in columns.items()}
    if task.mask is None:
        return flat
    counts = _values(batch[task.mask]).reshape(-1) != 0
    return {name: value[counts.to(value.device)] for name, value in flat.items()}


def _values(value: Tensor | Jagged) -> Tensor:
    return value.values if isinstance(value, Jagged) else value
