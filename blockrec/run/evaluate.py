"""Measures a model on a split: one pass, then every metric on all predictions of a task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import torch

from blockrec.jagged import Jagged
from blockrec.metrics.found import Found
from blockrec.metrics.measure import Array, Details
from blockrec.metrics.table import Table
from blockrec.run.batches import Batch, Split, moved
from blockrec.run.catalogue import Ranker
from blockrec.run.modes import measuring
from blockrec.run.task import Task, array_of, predictions, tasks_of, values_of
from blockrec.run.tree_ranking import tree_places
from blockrec.run.watch import Look

__all__ = ["Scores", "Task", "evaluate", "tasks_of"]
NOTHING = Look(())


@dataclass(frozen=True)
class Scores:
    """metrics: `<split>/<task>/<metric>` → value. undefined: what could not be measured, and why.

    details: `<split>/<task>/<metric>` → what is known beside the value, as plain data.
    """

    metrics: dict[str, float]
    undefined: tuple[str, ...] = ()
    details: dict[str, Details] = field(default_factory=dict)


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
    ranker: Ranker | None = None,
) -> Scores | None:
    """Every metric of every task on the split called `name`; None if `stop()` said so on the way.

    look: sees the watched values of every batch. ranker: ranks items for metrics over the catalogue and the tree, which
    are left out without it.
    """
    with ExitStack() as stack:
        tables = {task.name: stack.enter_context(closing(Table(task.of_rows))) for task in tasks}
        if not _measure(model, split, tasks, tables, batch_size, device, stop, look):
            return None
        found = {task: table.results() for task, table in tables.items()}
    for task in tasks:
        if ranker is not None and task.of_catalogue:
            places = ranker.places(model, task, name, batch_size=batch_size, device=device, stop=stop)
            if places is None:
                return None
            found[task.name] = found[task.name].and_(places.results(task.of_catalogue))
        if ranker is not None and ranker.nodes is not None and task.of_tree:
            places = tree_places(
                ranker, ranker.nodes, model, task, name, batch_size=batch_size, device=device, stop=stop
            )
            if places is None:
                return None
            found[task.name] = found[task.name].and_(places.results(task.of_tree))
    return scores_of(name, found)


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


def _counting(task: Task, batch: Batch, scores: Array) -> tuple[Array, Array, dict[str, Array]]:
    """Predictions, labels and groups [n] without what the mask leaves out.

    The group of a sample holds for each step that has a label of its own.
    """
    label = batch[task.label]
    groups = {}
    for by, column in task.groups.items():
        group = values_of(batch[column])
        groups[by] = array_of(group[label.rows] if isinstance(label, Jagged) else group).reshape(-1)
    labels = array_of(values_of(label)).reshape(-1)
    if task.mask is None:
        return scores, labels, groups
    counts = array_of(values_of(batch[task.mask])).reshape(-1) != 0
    return scores[counts], labels[counts], {name: group[counts] for name, group in groups.items()}
