"""What measures have in common: rows go in, a number comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Numbers = NDArray[np.float64]
Details = Mapping[str, Any]
"""What is known beside the number: plain data for JSON."""


class Undefined(Exception):
    """The measure has no value on these rows; `str()` says why."""


class Measure(ABC):
    """One metric over the rows of one measurement."""

    @abstractmethod
    def add(self, scores: Numbers, labels: Numbers, starts: Array) -> None:
        """Count further rows [n]; `starts` [g]: where each group begins among them. A group is never divided."""

    @abstractmethod
    def value(self) -> float:
        """Of all rows so far; raises `Undefined`."""

    def details(self) -> Details:
        """What is known beside the number; nothing for most."""
        return {}


def group_sums(values: Array, starts: Array) -> Numbers:
    """[..., n] → [..., g] the sum of each group; `starts` [g] ascending from 0, no group is empty."""
    return np.add.reduceat(values, starts, axis=-1, dtype=np.float64)


def sizes_of(starts: Array, rows: int) -> Array:
    """[g] rows of each group."""
    return np.diff(np.append(starts, rows))


def shares(part: Array, whole: Array, otherwise: float = np.nan) -> Numbers:
    """[g] part / whole; `otherwise` where the whole is 0."""
    found: Numbers = np.divide(part, whole, out=np.full(len(whole), otherwise), where=whole > 0)
    return found


def check_rows(count: float) -> None:
    if not count:
        raise Undefined("there are no samples")
