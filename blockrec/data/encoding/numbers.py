"""What training data say about numbers: edges of buckets, and the scales of dense values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blockrec.language.features import Norm

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Edges:
    """The row of a number is 1 + how many edges are ≤ it; row 0 is for a missing one (NaN)."""

    edges: Floats

    @classmethod
    def of(cls, values: Floats, count: int) -> Edges:
        """Quantiles i / count of the finite values, 0 < i < count; equal ones once."""
        known = values[np.isfinite(values)]
        shares = np.arange(1, count) / count
        return cls(np.unique(np.quantile(known, shares)) if len(known) else np.zeros(0))

    def rows(self, values: Floats) -> NDArray[np.int32]:
        """[n] rows."""
        found = 1 + np.searchsorted(self.edges, values, side="right")
        return np.where(np.isnan(values), 0, found).astype(np.int32)

    def to_json(self) -> dict[str, Any]:
        return {"edges": self.edges.tolist()}


@dataclass(frozen=True)
class Scale:
    """(x − shift) / size of each column, in float64; log(1 + x) without them."""

    norm: Norm
    shift: Floats
    size: Floats

    @classmethod
    def of(cls, norm: Norm, values: Floats) -> Scale:
        """From values [n, width]. A column that never varies has the size 1: it becomes 0."""
        values, width = values[~np.isnan(values).any(axis=1)], values.shape[1]
        if norm == "log1p" or not len(values):
            return cls(norm, np.zeros(width), np.ones(width))
        if norm == "zscore":
            shift, size = values.mean(axis=0), values.std(axis=0)
        else:
            shift = values.min(axis=0)
            size = values.max(axis=0) - shift
        return cls(norm, shift, np.where(size > 0, size, 1.0))

    def applied(self, values: Floats) -> NDArray[np.float32]:
        """[n, width] → [n, width] float32."""
        scaled = np.log1p(values) if self.norm == "log1p" else (values - self.shift) / self.size
        return scaled.astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        return {"norm": self.norm, "shift": self.shift.tolist(), "size": self.size.tolist()}


Fit = Edges | Scale


def from_json(written: Mapping[str, Any]) -> Fit:
    """What `to_json` gave."""
    if "edges" in written:
        return Edges(np.array(written["edges"], float))
    return Scale(written["norm"], np.array(written["shift"], float), np.array(written["size"], float))
