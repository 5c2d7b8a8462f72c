"""Sampled negatives: items drawn for a user as often as they occur, never one that the user met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from blockrec.data.arrow import Array

Index = NDArray[np.int64]
_ROUNDS = 50
"""Redraws before the items that are left to a user are listed."""


@dataclass(frozen=True)
class NegativesPlan:
    """How many negatives for each positive, and how they are drawn."""

    per_positive: int
    by: Literal["popularity", "uniform"]
    avoid: Literal["seen", "target"]
    seed: int


@dataclass(frozen=True)
class Forbidden:
    """Pairs (query, item) that are not drawn, as sorted unique numbers query · items + item."""

    pairs: Index
    items: int

    @classmethod
    def of(cls, queries: Array, items: Array, number: int) -> Forbidden:
        """From aligned arrays; an item −1 (missing) forbids nothing."""
        real = items >= 0
        return cls(np.unique(queries[real].astype(np.int64) * number + items[real]), number)

    def holds(self, queries: Index, items: Index) -> NDArray[np.bool_]:
        """[n] whether each pair is forbidden."""
        wanted = queries * self.items + items
        if not len(self.pairs):
            return np.zeros(len(wanted), bool)
        place = np.minimum(places_in(self.pairs, wanted), len(self.pairs) - 1)
        return np.asarray(self.pairs[place] == wanted)

    def of_query(self, query: int) -> Index:
        """The items forbidden to one query."""
        low, high = np.searchsorted(self.pairs, [query * self.items, (query + 1) * self.items])
        return self.pairs[low:high] - query * self.items


def places_in(ordered: NDArray[Any], wanted: NDArray[Any], side: Literal["left", "right"] = "left") -> Index:
    """As `numpy.searchsorted`, asked in rising order: a large array is then walked through, not jumped about in."""
    order = np.argsort(wanted)
    found = np.empty(len(wanted), np.int64)
    found[order] = np.searchsorted(ordered, wanted[order], side=side)
    return found


def draw(queries: Index, weights: Index, forbidden: Forbidden, rng: np.random.Generator) -> Index:
    """[n] an item for each query with probability ∝ its weight among the allowed; −1 if none is allowed.

    weights: [items] whole numbers, e.g. how often each item occurs.
    """
    bounds = np.cumsum(weights)
    drawn = np.full(len(queries), -1, np.int64)
    if not len(bounds) or bounds[-1] == 0:
        return drawn
    open_ = np.arange(len(queries))
    for _ in range(_ROUNDS):
        drawn[open_] = np.searchsorted(bounds, rng.integers(bounds[-1], size=len(open_)), side="right")
        open_ = open_[forbidden.holds(queries[open_], drawn[open_])]
        if not len(open_):
            return drawn
    for i in open_:
        drawn[i] = _draw_one(forbidden.of_query(int(queries[i])), weights, rng)
    return drawn


def _draw_one(refused: Index, weights: Index, rng: np.random.Generator) -> int:
    allowed = weights.copy()
    allowed[refused] = 0
    total = int(allowed.sum())
    return int(np.searchsorted(np.cumsum(allowed), rng.integers(total), side="right")) if total else -1
