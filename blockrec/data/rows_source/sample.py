"""Values at even distances out of a stream of unknown length."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from blockrec.data.arrow import Array

SIZE = 1 << 21
"""Values that are kept at most; at least half as many if there are so many."""


@dataclass
class Sample:
    """Every n-th value, n a power of two: all of them up to `size`."""

    size: int = SIZE
    every: int = 1
    seen: int = 0
    kept: list[Array] = field(default_factory=list)
    count: int = 0

    def add(self, values: Array) -> None:
        """The next values of the stream."""
        first = -self.seen % self.every
        self.seen += len(values)
        self._keep(values[first :: self.every])
        while self.count > self.size:
            self.every *= 2
            together = self.values[::2]
            self.kept, self.count = [], 0
            self._keep(together)

    def _keep(self, values: Array) -> None:
        self.kept.append(np.array(values))
        self.count += len(values)

    @property
    def values(self) -> Array:
        """[n] in their order."""
        return np.concatenate([np.zeros(0), *self.kept]) if not self.kept else np.concatenate(self.kept)
