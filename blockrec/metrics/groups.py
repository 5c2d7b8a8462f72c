"""A metric within groups, averaged over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from blockrec.metrics.measure import Array, Details, Measure, Numbers, Undefined, check_rows, sizes_of

OfGroups = Callable[[Numbers, Numbers, Array], Numbers]
"""scores, labels [n] in order of group and score, starts of groups [g] → [g], NaN where the metric is not defined."""


class Grouped(Measure):
    """The mean over groups, weighted by their rows or all alike; groups without a value are left out."""

    def __init__(self, of_groups: OfGroups, average: Literal["rows", "groups"], undefined: str) -> None:
        self.of_groups, self.average, self.undefined = of_groups, average, undefined
        self.total = self.weight = 0.0
        self.counted = self.left_out = 0

    def add(self, scores: Numbers, labels: Numbers, starts: Array) -> None:
        if not len(scores):
            return
        values = self.of_groups(scores, labels, starts)
        usable = ~np.isnan(values)
        weights = sizes_of(starts, len(scores)) if self.average == "rows" else np.ones(len(starts))
        self.total += float((weights * values)[usable].sum())
        self.weight += float(weights[usable].sum())
        self.counted += int(usable.sum())
        self.left_out += int((~usable).sum())

    def value(self) -> float:
        check_rows(self.counted + self.left_out)
        if not self.counted:
            raise Undefined(self.undefined)
        return self.total / self.weight

    def details(self) -> Details:
        """Of how many groups it is the mean, and how many have no value."""
        return {"groups": self.counted, "left_out": self.left_out}
