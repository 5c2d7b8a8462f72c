"""Some samples of the training part, always the same ones, to be measured like those of another part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from blockrec.data.batching.batches import Index, Split
from blockrec.data.batching.permutation import permuted
from blockrec.data.batching.prefetch import prefetched
from blockrec.run.batches import Batch

KEY = (0, 0, 1)
"""Seed and epoch of the permutation that chooses them: of no epoch of a training."""


@dataclass(frozen=True)
class TrainSample:
    """At most `count` samples of `split`, drawn without replacement."""

    split: Split
    count: int

    @property
    def rows(self) -> int:
        return min(self.count, self.split.rows)

    @cached_property
    def _index(self) -> Index:
        """Their rows, ascending, so that neighbours are read together."""
        return self.split.first + np.sort(permuted(np.arange(self.rows), self.split.rows, KEY))

    def batches(self, batch_size: int, **_: Any) -> Iterator[Batch]:
        """All of them once, in the order of the split."""
        parts = (self._index[start : start + batch_size] for start in range(0, self.rows, batch_size))
        return prefetched(self.split.gather.batch(part) for part in parts)
