"""AUC of labels that are numbers: pairs in the right order."""

from __future__ import annotations

import numpy as np

from blockrec.metrics.measure import Array, Measure, Numbers, Undefined, check_rows, group_sums, shares, sizes_of
from blockrec.metrics.runs import Runs

SAMPLE = 2**20
"""Rows whose pairs are counted exactly."""
ONE_GROUP = np.zeros(1, np.int64)


def group_xauc(scores: Numbers, labels: Numbers, starts: Array) -> Numbers:
    """[g] of the pairs with different labels, the share whose scores are in the same order; ties count one half.

    NaN for a group of equal labels. Rows are in order of group and score. Zhan et al., "Deconfounding Duration Bias in
    Watch-time Prediction for Video Recommendation", KDD 2022, over all pairs instead of drawn ones. O(n log n).
    """
    runs = Runs.of(scores, starts)
    ranks = np.unique(labels, return_inverse=True)[1].reshape(-1)
    owner = np.repeat(np.arange(len(runs.starts)), runs.sizes)
    order = np.lexsort((-ranks, owner))  # among equal scores the higher label first: such a pair is no ascent
    same = runs.of_groups(_equal_pairs(owner, ranks, len(runs.starts)))
    tied = runs.of_groups(_pairs(runs.sizes)) - same
    group = np.repeat(np.arange(len(starts)), sizes_of(starts, len(scores)))
    pairs = _pairs(sizes_of(starts, len(scores))) - _equal_pairs(group, ranks, len(starts))
    wins = ascents(ranks[order], starts) + tied / 2
    return shares(wins, pairs)


def ascents(keys: Array, starts: Array) -> Numbers:
    """[g] pairs i < j of each group with keys[i] < keys[j]; keys: [n] whole numbers from 0 on.

    Bit by bit from the highest: of two keys that agree so far, the one with the bit is the greater. The rows are
    divided stably by that bit, so that those which agree stay beside each other in their order.
    """
    rows = len(keys)
    ends = np.append(starts[1:], rows)
    sizes = ends - starts
    group = np.repeat(np.arange(len(starts)), sizes)
    first, end = np.repeat(starts, sizes), np.repeat(ends, sizes)  # of the rows that agree with a row so far
    found = np.zeros(len(starts))
    for bit in reversed(range(int(keys.max(initial=0)).bit_length())):
        ones = (keys >> bit & 1).astype(bool)
        zeros = np.concatenate([[0], np.cumsum(~ones)])
        before = zeros[:-1] - zeros[first]
        found += np.bincount(group[ones], before[ones], len(starts))
        middle = first + zeros[end] - zeros[first]
        target = np.where(ones, middle + (np.arange(rows) - first - before), first + before)
        first, end = np.where(ones, middle, first), np.where(ones, end, middle)
        moved = np.empty(rows, np.int64)
        moved[target] = np.arange(rows)
        keys, group, first, end = keys[moved], group[moved], first[moved], end[moved]
    return found


def _pairs(sizes: Array) -> Numbers:
    found: Numbers = sizes * (sizes - 1) / 2
    return found


def _equal_pairs(owner: Array, ranks: Array, owners: int) -> Numbers:
    """[owners] pairs of equal ranks among the rows of each owner; owners ascend."""
    order = np.lexsort((ranks, owner))
    owner, ranks = owner[order], ranks[order]
    new = np.ones(len(owner), bool)
    new[1:] = (owner[1:] != owner[:-1]) | (ranks[1:] != ranks[:-1])
    starts = np.flatnonzero(new)
    home = owner[starts]
    return group_sums(_pairs(sizes_of(starts, len(owner))), np.searchsorted(home, np.arange(owners)))


class Xauc(Measure):
    """Over all rows: exact up to `SAMPLE` of them, beyond of a uniform sample of so many, always the same one."""

    def __init__(self, sample: int = SAMPLE) -> None:
        self.size, self.rows, self.held = sample, 0, 0
        self.draws = np.random.default_rng(0)
        self.parts: list[Numbers] = []
        """[3, n] key, score and label of rows; those with the smallest keys stay."""

    def add(self, scores: Numbers, labels: Numbers, starts: Array) -> None:  # noqa: ARG002 - one group holds all
        self.parts.append(np.stack([self.draws.random(len(scores)), scores, labels]))
        self.rows += len(scores)
        self.held += len(scores)
        if self.held > 2 * self.size:
            self.parts = [self._kept()]
            self.held = self.size

    def _kept(self) -> Numbers:
        held = np.concatenate(self.parts, axis=1)
        return held[:, np.argpartition(held[0], self.size)[: self.size]] if held.shape[1] > self.size else held

    def value(self) -> float:
        check_rows(self.rows)
        _, scores, labels = self._kept()
        order = np.argsort(scores)
        found = float(group_xauc(scores[order], labels[order], ONE_GROUP)[0])
        if np.isnan(found):
            raise Undefined(f"all {self.rows} labels are {labels[0]:g}: XAUC needs different ones")
        return found

    def details(self) -> dict[str, int]:
        """How many rows the sample has, if it is one."""
        return {"sampled_rows": self.size, "rows": self.rows} if self.rows > self.size else {}
