"""What a row compares its negatives with: one vector, or the nearest of several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from blockrec.blocks.interaction.best_similarity import largest
from blockrec.jagged import Jagged

Dot = Callable[[Tensor, Jagged], Jagged]
"""[b, d], [b, n, d] jagged → [b, n] jagged."""


class Asking(Protocol):
    """Dot products with items."""

    def of_all(self, items: Tensor) -> Tensor:
        """[n, d] → [b, n]"""

    def of_own(self, items: Jagged) -> Tensor:
        """[b, n, d] → [Σn]"""


@dataclass(frozen=True)
class One:
    """query: [b, d]"""

    query: Tensor
    dot: Dot

    def of_all(self, items: Tensor) -> Tensor:
        return self.query @ items.T

    def of_own(self, items: Jagged) -> Tensor:
        return self.dot(self.query, items).values


@dataclass(frozen=True)
class Nearest:
    """queries: [b, k, d]; a row without any has products of 0."""

    queries: Jagged
    dot: Dot

    def of_all(self, items: Tensor) -> Tensor:
        return largest(self.queries, self.queries.values @ items.T)

    def of_own(self, items: Jagged) -> Tensor:
        offsets, lengths = self.queries.offsets[:-1], self.queries.lengths
        found = [items.values.new_full(items.values.shape[:1], -torch.inf)]
        for place in range(self.queries.max_length):
            there = place < lengths
            index = torch.where(there, offsets + place, 0).clamp(max=max(self.queries.values.shape[0] - 1, 0))
            scores = self.dot(self.queries.values[index], items).values
            found.append(scores.masked_fill(~there[items.rows], -torch.inf))
        best = torch.stack(found).amax(dim=0)
        return best.masked_fill((lengths == 0)[items.rows], 0)
