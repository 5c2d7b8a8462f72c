"""Metrics that sums over the rows decide: in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blockrec.metrics.measure import Array, Details, Measure, Numbers, Undefined, check_rows, group_sums, sizes_of

EDGE = float(np.finfo(np.float32).eps)
"""Least distance of a probability from 0 and 1 in a logarithm: that of float32, in which models predict."""


@dataclass(frozen=True)
class Summed:
    """A metric in two parts, and what it says where it is NaN.

    sums: scores, labels [n], starts of groups [g] → [c, g]. value: sums [c, g], rows of each group [g] → [g].
    """

    sums: Callable[[Numbers, Numbers, Array], Numbers]
    value: Callable[[Numbers, Array], Numbers]
    undefined: str = ""
    details: Callable[[Numbers], Details] | None = None

    def of_groups(self, scores: Numbers, labels: Numbers, starts: Array) -> Numbers:
        """[g] the value of each group."""
        return self.value(self.sums(scores, labels, starts), sizes_of(starts, len(scores)))


class Whole(Measure):
    """A metric of sums over all rows, whatever their groups and order."""

    def __init__(self, metric: Summed) -> None:
        self.metric = metric
        self.rows = 0
        self.sums: Numbers = np.zeros(1)

    def add(self, scores: Numbers, labels: Numbers, starts: Array) -> None:  # noqa: ARG002 - one group holds all
        if len(scores):
            self.sums = self.sums + self.metric.sums(scores, labels, np.zeros(1, np.int64))
            self.rows += len(scores)

    def value(self) -> float:
        check_rows(self.rows)
        found = float(self.metric.value(self.sums, np.array([self.rows]))[0])
        if np.isnan(found):
            raise Undefined(self.metric.undefined)
        return found

    def details(self) -> Details:
        return self.metric.details(self.sums) if self.metric.details and self.rows else {}


def rowwise(terms: Callable[[Numbers, Numbers], list[Numbers]]) -> Callable[[Numbers, Numbers, Array], Numbers]:
    """Sums of terms [n] that each row has by itself."""
    return lambda scores, labels, starts: group_sums(np.stack(terms(scores, labels)), starts)


def mean(sums: Numbers, rows: Array) -> Numbers:
    """The first sum a row."""
    found: Numbers = sums[0] / rows
    return found


def cross_entropy(scores: Numbers, labels: Numbers) -> Numbers:
    """[n] −y log p − (1 − y) log(1 − p), p at least `EDGE` from 0 and 1."""
    likely = np.clip(scores, EDGE, 1 - EDGE)
    return -labels * np.log(likely) - (1 - labels) * np.log1p(-likely)


def logloss() -> Summed:
    """Mean cross-entropy in nats."""
    return Summed(rowwise(lambda p, y: [cross_entropy(p, y)]), mean)


def normalized_entropy() -> Summed:
    """Logloss over the entropy of the mean label.

    He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014.
    """

    def value(sums: Numbers, rows: Array) -> Numbers:
        rate = sums[1] / rows
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -rate * np.log(rate) - (1 - rate) * np.log1p(-rate)
            found: Numbers = np.where((rate > 0) & (rate < 1), sums[0] / rows / entropy, np.nan)
        return found

    reason = "all labels are 0 or all are 1, which has no entropy"
    return Summed(rowwise(lambda p, y: [cross_entropy(p, y), y]), value, reason)


def accuracy(threshold: float) -> Summed:
    """Share of rows whose prediction, rounded up beyond the threshold, is the label: a probability, or a class."""
    return Summed(rowwise(lambda p, y: [(np.floor(p) + (p % 1 > threshold) == y).astype(np.float64)]), mean)


def mae() -> Summed:
    """Mean |prediction − label|."""
    return Summed(rowwise(lambda p, y: [np.abs(p - y)]), mean)


def mse() -> Summed:
    """Mean (prediction − label)²."""
    return Summed(rowwise(lambda p, y: [(p - y) ** 2]), mean)


def rmse() -> Summed:
    """Square root of `mse`."""
    return Summed(mse().sums, lambda sums, rows: np.sqrt(mean(sums, rows)))
