"""How well an order of steps agrees with their true relevance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class Agreement:
    """Over samples: NDCG@i and hits@i for i = 1 … top, as the DARE paper's code measures retrieval.

    NDCG@i = Σ_{r ≤ i} relevance(rank r) / log2(r + 1), over the same sum of the ideal order at `top` for every i: it
    rises to its value at `top`. hits@i: how many of the first i are among the `top` most relevant.
    """

    top: int
    ndcg: Floats = field(init=False)
    hits: Floats = field(init=False)
    rows: int = 0

    def __post_init__(self) -> None:
        self.ndcg, self.hits = np.zeros(self.top), np.zeros(self.top)

    def add(self, scores: Floats, relevance: Floats, offsets: Ints, kept: NDArray[np.bool_]) -> None:
        """Count the samples `kept` [b] of a batch; scores, relevance [Σt]. A sample without relevance is left out."""
        wanted, values = padded(scores, offsets)[kept], padded(relevance, offsets, 0.0)[kept]
        best, discount = order(padded(relevance, offsets)[kept])[:, : self.top], self._discount(values.shape[1])
        ideal = (np.take_along_axis(values, best, 1) * discount).sum(1)
        known = ideal > 0
        first = order(wanted[known])[:, : self.top]
        gains = np.take_along_axis(values[known], first, 1) * discount
        among = np.zeros(values[known].shape, bool)
        np.put_along_axis(among, best[known], True, axis=1)
        among &= np.isfinite(wanted[known])
        self._count(self.ndcg, gains / ideal[known, None])
        self._count(self.hits, np.take_along_axis(among, first, 1).astype(np.float64))
        self.rows += int(known.sum())

    def _discount(self, width: int) -> Floats:
        return 1 / np.log2(np.arange(2, 2 + min(self.top, width)))

    def _count(self, total: Floats, gains: Floats) -> None:
        """What a short history lacks adds nothing."""
        sums = np.cumsum(gains.sum(0)) if gains.size else np.zeros(1)
        total += np.concatenate([sums, np.full(self.top - len(sums), sums[-1])])

    def means(self) -> tuple[list[float], list[float]]:
        """NDCG@1 … @top and hits@1 … @top; NaN without samples."""
        rows = self.rows or np.nan
        return (self.ndcg / rows).tolist(), (self.hits / rows).tolist()


def padded(values: Floats, offsets: Ints, fill: float = -np.inf) -> Floats:
    """[Σt] → [b, max t], `fill` behind the last step."""
    lengths = np.diff(offsets)
    out = np.full((len(lengths), int(lengths.max(initial=1))), fill)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    out[rows, np.arange(len(values)) - offsets[rows]] = values
    return out


def order(scores: Floats) -> Ints:
    """[b, t] the steps from the highest score down; of equal ones the later first, as search retrieves them."""
    width = scores.shape[1]
    found: Ints = width - 1 - np.argsort(-scores[:, ::-1], axis=1, kind="stable")
    return found
