"""Area under the ROC curve, exact: over all rows in bounded memory, and of many groups at once."""

from __future__ import annotations

import numpy as np

from blockrec.metrics.measure import Array, Measure, Numbers, Undefined, check_rows, shares
from blockrec.metrics.runs import Runs


def group_auc(scores: Numbers, labels: Numbers, starts: Array) -> Numbers:
    """[g] the AUC of each group; NaN for a group of one class. Rows are in order of group and score."""
    runs = Runs.of(scores, starts)
    positives = runs.sums(labels)
    negatives = runs.sizes - positives
    wins = runs.of_groups(positives * (runs.earlier(negatives) + negatives / 2))
    pairs = runs.of_groups(positives) * runs.of_groups(negatives)
    return shares(wins, pairs)


class Auc(Measure):
    """Of rows that come in ascending order of their scores, in memory for the latest ones alone."""

    def __init__(self) -> None:
        self.wins = self.positives = self.negatives = 0.0
        self.open: tuple[float, float, float] | None = None
        """The latest score, which may go on: (score, positives, negatives)."""

    def add(self, scores: Numbers, labels: Numbers, starts: Array) -> None:  # noqa: ARG002 - one group holds all
        if not len(scores):
            return
        runs = Runs.of(scores, np.zeros(1, np.int64))
        values, positives = scores[runs.starts], runs.sums(labels)
        negatives = runs.sizes - positives
        if self.open is not None and self.open[0] == values[0]:
            positives[0] += self.open[1]
            negatives[0] += self.open[2]
        elif self.open is not None:
            self._settle(np.array([self.open[1]]), np.array([self.open[2]]))
        self._settle(positives[:-1], negatives[:-1])
        self.open = float(values[-1]), float(positives[-1]), float(negatives[-1])

    def _settle(self, positives: Numbers, negatives: Numbers) -> None:
        """Count runs that are complete: positives win against all negatives below them, and half of their own."""
        below = self.negatives + np.cumsum(negatives) - negatives
        self.wins += float((positives * (below + negatives / 2)).sum())
        self.positives += float(positives.sum())
        self.negatives += float(negatives.sum())

    def value(self) -> float:
        if self.open is not None:
            _, positives, negatives = self.open
            self._settle(np.array([positives]), np.array([negatives]))
            self.open = None
        rows = self.positives + self.negatives
        check_rows(rows)
        if not self.positives or not self.negatives:
            raise Undefined(f"all {int(rows)} labels are {int(self.positives > 0)}: AUC needs both classes")
        return self.wins / (self.positives * self.negatives)
