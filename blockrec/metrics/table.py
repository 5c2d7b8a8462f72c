"""All metrics of one task over the rows of one measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from blockrec.language.metrics import Metric
from blockrec.language.schema.metrics import LABELS
from blockrec.metrics.found import Found
from blockrec.metrics.make import is_ordered, made
from blockrec.metrics.measure import Array, Measure, Numbers, Undefined
from blockrec.metrics.sorter import HELD, Sorter, starts_of, whole_groups


class Table:
    """`add()` rows batch by batch, read `results()` once. Ends by `close()`.

    Rows are kept only for metrics that need their order, once a column that groups them; beyond `held` rows on disk.
    """

    def __init__(self, metrics: Sequence[Metric], *, held: int = HELD) -> None:
        self.metrics = metrics
        self.measures: dict[str, Measure] = {metric.name: made(metric) for metric in metrics}
        self.sorters = {metric.by: Sorter(held) for metric in metrics if is_ordered(metric)}
        self.not_finite = self.rows = 0
        self.classes = self.several = self.shares = True
        """Whether all labels are 0 or 1, whole numbers, or between 0 and 1."""

    def add(self, scores: Array, labels: Array, groups: Mapping[str, Array]) -> None:
        """scores, labels, and the columns that metrics group by: [n]."""
        scores, labels = scores.astype(np.float64), labels.astype(np.float64)
        self.rows += len(scores)
        self.not_finite += int((~np.isfinite(scores)).sum())
        if self.not_finite:
            return
        self.classes = self.classes and bool(((labels == 0) | (labels == 1)).all())
        self.several = self.several and bool(((labels >= 0) & (labels % 1 == 0)).all())
        self.shares = self.shares and bool(((labels >= 0) & (labels <= 1)).all())
        for metric in self.metrics:
            if not is_ordered(metric):
                self.measures[metric.name].add(scores, labels, np.zeros(1, np.int64))
        for by, sorter in self.sorters.items():
            sorter.add(np.zeros(len(scores), np.int64) if by is None else groups[by], scores, labels)

    def results(self) -> Found:
        """The metrics of all rows; none if a prediction is not a finite number."""
        if self.not_finite:
            reason = f"{self.not_finite:,} of {self.rows:,} predictions are not finite numbers"
            return Found({}, {metric.name: reason for metric in self.metrics})
        values: dict[str, float] = {}
        undefined = {metric.name: why for metric in self.metrics if (why := self._misfit(metric))}
        details: dict[str, Any] = {}
        for by, sorter in self.sorters.items():
            self._read(sorter, [m for m in self.metrics if is_ordered(m) and m.by == by], undefined)
        for name, measure in self.measures.items():
            try:
                if name not in undefined:
                    values[name] = measure.value()
                    details[name] = measure.details()
            except Undefined as reason:
                undefined[name] = str(reason)
        return Found(values, undefined, {name: found for name, found in details.items() if found})

    def _misfit(self, metric: Metric) -> str:
        """Why the labels cannot be measured by a metric; nothing if they can."""
        wanted = metric.kind.labels
        fits = {"classes": self.classes, "several": self.several, "shares": self.shares}.get(wanted, True)
        return "" if fits else f"labels are not all {LABELS[wanted]}"

    def _read(self, sorter: Sorter, metrics: Sequence[Metric], undefined: Mapping[str, str]) -> None:
        """Give the rows of a sorter to the metrics that group by its column."""
        chunks = sorter.chunks()
        for rows in whole_groups(chunks) if metrics[0].by is not None else chunks:
            scores: Numbers = np.ascontiguousarray(rows["score"])
            labels: Numbers = np.ascontiguousarray(rows["label"])
            starts = starts_of(rows)
            for metric in metrics:
                if metric.name not in undefined:
                    self.measures[metric.name].add(scores, labels, starts)

    def close(self) -> None:
        """Delete what is on disk."""
        for sorter in self.sorters.values():
            sorter.close()


def measured(metric: Metric, scores: Array, labels: Array, groups: Array | None = None) -> float:
    """One metric of arrays that are at hand. Raises `Undefined`."""
    columns = {metric.by: groups} if metric.by is not None and groups is not None else {}
    with closing(Table([metric])) as table:
        table.add(scores, labels, columns)
        found = table.results()
    if metric.name in found.undefined:
        raise Undefined(found.undefined[metric.name])
    return found.values[metric.name]
