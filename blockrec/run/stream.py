"""Statistics of a stream of values in memory that does not grow with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE = 65_536
BINS = 30
CHUNK = 2**20
"""Values that are worked on at a time, as 64-bit numbers."""


class Stream:
    """Count, mean, standard deviation, minimum and maximum of all finite values, exactly (up to rounding).

    Median and histogram are those of all values up to `SAMPLE` of them, and of a uniform sample of that many beyond:
    the error of the median's rank is then 0.2 % of the values (one standard deviation). Which values are in the sample
    depends on the values' order alone, not on chance or on how they are cut into parts.
    """

    def __init__(self, sample: int = SAMPLE) -> None:
        self.count = self.not_finite = 0
        self._mean, self._squares = 0.0, 0.0
        self._low, self._high = math.inf, -math.inf
        self._size = sample
        self._draws = np.random.default_rng(0)
        self._sample: NDArray[np.float64] = np.empty(0)
        self._keys: NDArray[np.float64] = np.empty(0)

    def add(self, values: NDArray[Any]) -> None:
        """Count further values, of any shape."""
        flat = values.reshape(-1)
        for start in range(0, flat.size, CHUNK):
            chunk = flat[start : start + CHUNK].astype(np.float64)
            finite = chunk[np.isfinite(chunk)]
            self.not_finite += chunk.size - finite.size
            if finite.size:
                self._merge(finite)
                self._draw(finite)

    def _merge(self, part: NDArray[np.float64]) -> None:
        """The parallel algorithm of Chan, Golub and LeVeque (1979)."""
        mean, size = float(part.mean()), part.size
        total = self.count + size
        delta = mean - self._mean
        self._squares += float(((part - mean) ** 2).sum()) + delta**2 * self.count * size / total
        self._mean += delta * size / total
        self.count = total
        self._low, self._high = min(self._low, float(part.min())), max(self._high, float(part.max()))

    def _draw(self, part: NDArray[np.float64]) -> None:
        """Every value draws a key; those with the smallest keys stay."""
        keys = self._draws.random(part.size)
        if self._keys.size == self._size:
            near = keys < self._keys.max()
            keys, part = keys[near], part[near]
        keys, sample = np.concatenate([self._keys, keys]), np.concatenate([self._sample, part])
        if keys.size > self._size:
            kept = np.argpartition(keys, self._size)[: self._size]
            keys, sample = keys[kept], sample[kept]
        self._keys, self._sample = keys, sample

    def statistics(self) -> dict[str, float]:
        """mean, std (of the population), min, median, max, not_finite; only the last one without a finite value."""
        if not self.count:
            return {"not_finite": float(self.not_finite)}
        return {
            "mean": self._mean,
            "std": math.sqrt(self._squares / self.count),
            "min": self._low,
            "median": float(np.median(self._sample)),
            "max": self._high,
            "not_finite": float(self.not_finite),
        }

    def histogram(self, bins: int = BINS) -> tuple[list[float], list[int]]:
        """Edges (bins + 1) and counts (bins) of the sample; empty without a finite value."""
        if not self.count:
            return [], []
        counts, edges = np.histogram(self._sample, bins, (self._low, self._high))
        return edges.tolist(), counts.tolist()

    @property
    def sample(self) -> NDArray[np.float64]:
        """The values that median and histogram are of."""
        return self._sample
