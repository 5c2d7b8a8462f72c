"""A trained model measured again under other conditions, which its training did not have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from blockrec.run.analyze.findings import Findings, Lines, Listing, Row
from blockrec.run.analyze.subject import Subject
from blockrec.run.batches import Split
from blockrec.run.evaluate import evaluate
from blockrec.run.tracked import Tracked

Measured = dict[str, float]


def no_metrics(subject: Subject) -> str | None:
    """Why nothing can be measured."""
    return None if any(task.of_rows for task in subject.loaded.tasks) else "no task of it has a metric"


def measured(subject: Subject, split: Split, name: str, title: str) -> Measured:
    """`task/metric` → value, of the metrics of the split's own rows."""
    loaded = subject.loaded
    scores = evaluate(
        loaded.model,
        Tracked(split, title, subject.log),
        name,
        loaded.tasks,
        batch_size=loaded.batch_size,
        device=loaded.device,
    )
    assert scores is not None
    return {path.split("/", 1)[1]: value for path, value in scores.metrics.items()}


def swept(what: str, values: Sequence[int], title: str, measure: Callable[[int], Measured]) -> Findings:
    """A row a value; `what` names it."""
    found = {value: measure(value) for value in values}
    names = list(dict.fromkeys(name for metrics in found.values() for name in metrics))
    rows: list[Row] = [[value, *(metrics.get(name) for name in names)] for value, metrics in found.items()]
    figures = [Lines(name, what, {name: _points(name, found)}) for name in names]
    flat = {f"{name}@{value}": x for value, metrics in found.items() for name, x in metrics.items()}
    return Findings([Listing(title, [what, *names], rows)], figures, flat)


def _points(name: str, found: dict[int, Any]) -> list[tuple[float, float]]:
    return [(float(value), metrics[name]) for value, metrics in found.items() if name in metrics]
