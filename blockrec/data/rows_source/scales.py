"""Mean, deviation and extremes of a stream of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from blockrec.data.encoding.numbers import Scale
from blockrec.language.features import Norm

Floats = NDArray[np.float64]


@dataclass
class Moments:
    """Of [n, width] numbers; rows with NaN do not count.

    Two parts are joined by Chan, Golub & LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances", 1979, eq. 2.1, so that large numbers lose no digits.
    """

    norm: Norm
    width: int
    count: int = 0
    mean: Floats = field(init=False)
    squares: Floats = field(init=False)
    low: Floats = field(init=False)
    high: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.mean, self.squares = np.zeros(self.width), np.zeros(self.width)
        self.low, self.high = np.full(self.width, np.inf), np.full(self.width, -np.inf)

    def add(self, values: Floats) -> None:
        """Further rows."""
        values = values[~np.isnan(values).any(axis=1)]
        if not len(values):
            return
        count, mean = len(values), values.mean(axis=0)
        total, apart = self.count + count, mean - self.mean
        self.squares += ((values - mean) ** 2).sum(axis=0) + apart**2 * self.count * count / total
        self.mean = self.mean + apart * count / total
        self.low, self.high = np.minimum(self.low, values.min(axis=0)), np.maximum(self.high, values.max(axis=0))
        self.count = total

    @property
    def scale(self) -> Scale:
        """As of all values at once."""
        shift, size = np.zeros(self.width), np.ones(self.width)
        if self.count and self.norm == "zscore":
            shift, size = self.mean, np.sqrt(self.squares / self.count)
        elif self.count and self.norm == "minmax":
            shift, size = self.low, self.high - self.low
        return Scale(self.norm, shift, np.where(size > 0, size, 1.0))
