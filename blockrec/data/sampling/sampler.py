"""Draws the negatives of a batch: the same for a sample and an epoch, whatever the batch around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blockrec.data import arrow
from blockrec.data.batching.permutation import Key
from blockrec.data.sampling.counter import uniform
from blockrec.data.sampling.negatives import Forbidden, places_in
from blockrec.data.sampling.plan import SAMPLED, DrawPlan, Sampled
from blockrec.data.sampling.pool import CANDIDATES, SEEN

Index = NDArray[np.int64]
ROUNDS = 20
"""Redraws before the items that are left to a sample are listed."""
_STREAM = 1
"""Tells these random numbers from others of the same seed."""


@dataclass(frozen=True)
class Sampler:
    """bounds: [m] cumulated weights. own: [samples] the candidate that a sample's item is. user: [samples] or None.

    seen: what users met. A sample whose user met every candidate has fewer negatives, or none.
    """

    plan: Sampled
    bounds: NDArray[np.float64]
    own: arrow.Array
    user: arrow.Array | None
    seen: Forbidden | None

    @classmethod
    def of(cls, folder: Path, draws: DrawPlan | None, columns: dict[str, arrow.Array]) -> Sampler | None:
        """From what `Pool.write` wrote; None if nothing is drawn."""
        if draws is None or draws.sampled is None or SAMPLED not in draws.sequences:
            return None
        weights = arrow.arrays_of(arrow.read(folder / CANDIDATES))["weight"]
        user = columns.get(f"{SAMPLED}/user")
        pairs = arrow.arrays_of(arrow.read(folder / SEEN))["pair"] if user is not None else None
        seen = Forbidden(pairs, len(weights)) if pairs is not None else None
        return cls(draws.sampled, np.cumsum(weights), columns[f"{SAMPLED}/item"], user, seen)

    def describe(self) -> dict[str, int]:
        """How many are drawn for a sample, and among how many items."""
        return {"sampled": self.plan.count, "candidates": len(self.bounds)}

    def draw(self, rows: Index, key: Key) -> tuple[Index, Index]:
        """[n] how many negatives the samples `rows` have, and [Σ] which candidates they are, in the epoch of `key`."""
        count = self.plan.count
        owner = np.repeat(rows, count)
        drawn = np.full(len(owner), -1, np.int64)
        left = np.arange(len(owner)) if len(self.bounds) else np.zeros(0, np.int64)
        places = owner * count + np.tile(np.arange(count), len(rows))
        for attempt in range(ROUNDS):
            if not len(left):
                break
            drawn[left] = self._at(uniform(places[left], *key, attempt, _STREAM), self.bounds)
            left = left[self._refuses(owner[left], drawn[left])]
        if len(left):
            numbers = uniform(places[left], *key, ROUNDS, _STREAM)
            drawn[left] = self._listed(owner[left], numbers)
        found = drawn.reshape(len(rows), count) >= 0
        return found.sum(axis=1), drawn[drawn >= 0]

    def _at(self, numbers: NDArray[np.float64], bounds: NDArray[np.float64]) -> Index:
        drawn = places_in(bounds, numbers * bounds[-1], side="right")
        # A product may round up to the last bound, from which on nothing is drawn.
        return np.asarray(np.minimum(drawn, np.searchsorted(bounds, bounds[-1])))

    def _refuses(self, rows: Index, drawn: Index) -> NDArray[np.bool_]:
        if self.plan.avoid == "none":
            return np.zeros(len(rows), bool)
        refused = np.asarray(self.own[rows] == drawn)
        if self.seen is not None and self.user is not None:
            refused |= self.seen.holds(self.user[rows].astype(np.int64), drawn)
        return refused

    def _listed(self, rows: Index, numbers: NDArray[np.float64]) -> Index:
        """[n] draws among the candidates that are left to each sample; −1 if there are none."""
        drawn = np.full(len(rows), -1, np.int64)
        for row in np.unique(rows):
            here = rows == row
            weights = np.diff(self.bounds, prepend=0.0)
            weights[self._refuses(np.full(len(weights), row), np.arange(len(weights)))] = 0
            if weights.any():
                drawn[here] = self._at(numbers[here], np.cumsum(weights))
        return drawn
