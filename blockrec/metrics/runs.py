"""Runs of equal scores within groups: what exact ranks with ties are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blockrec.metrics.measure import Array, Numbers, group_sums, sizes_of


@dataclass(frozen=True)
class Runs:
    """The runs [r] of rows that are in order of group and score.

    starts: row where each begins. sizes: its rows. before: rows of its group before it. first: [g] the first run of
    each group.
    """

    starts: Array
    sizes: Array
    before: Array
    first: Array

    @classmethod
    def of(cls, scores: Numbers, groups: Array) -> Runs:
        """groups: [g] row where each group begins."""
        new = np.ones(len(scores), bool)
        np.not_equal(scores[1:], scores[:-1], out=new[1:])
        new[groups] = True
        starts = np.flatnonzero(new)
        first = np.searchsorted(starts, groups)
        home = np.repeat(groups, sizes_of(first, len(starts)))
        return cls(starts, sizes_of(starts, len(scores)), starts - home, first)

    def sums(self, values: Array) -> Numbers:
        """[n] → [r]."""
        return group_sums(values, self.starts)

    def of_groups(self, values: Array) -> Numbers:
        """[r] → [g]."""
        return group_sums(values, self.first)

    def earlier(self, values: Array) -> Array:
        """[r] → [r] the sum over the runs of the same group before each."""
        total = np.cumsum(values) - values
        found: Array = total - np.repeat(total[self.first], sizes_of(self.first, len(self.starts)))
        return found
