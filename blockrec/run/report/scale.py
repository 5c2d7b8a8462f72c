"""From values to places in a picture, and the round numbers along an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from blockrec.words import human


@dataclass(frozen=True)
class Scale:
    """Values low … high on pixels start … end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @classmethod
    def over(cls, values: Iterable[float], start: float, end: float, margin: float = 0.06) -> Scale:
        """Over all finite values, with some space at both ends; a single value is in the middle."""
        known = [v for v in values if math.isfinite(v)] or [0.0]
        low, high = min(known), max(known)
        space = (high - low) * margin or abs(high) * 0.1 or 1.0
        return cls(low - space, high + space, start, end)

    def ticks(self, most: int = 5, *, whole: bool = False) -> list[float]:
        """Multiples of 1, 2 or 5 times a power of ten within the range, at most `most`; only `whole` ones for steps.

        >>> Scale(0.61, 0.74, 0, 100).ticks()
        [0.65, 0.7]
        """
        smallest = math.floor(math.log10(self.high - self.low)) - 1
        for exponent in range(max(0, smallest) if whole else smallest, 400):
            for factor in (1, 2, 5):
                first, last = (value / factor / 10.0**exponent for value in (self.low, self.high))
                numbers = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
                if len(numbers) <= most:
                    return [float(f"{n * factor}e{exponent}") for n in numbers]
        return []


def shown(value: float) -> str:
    """A number beside an axis or in a tooltip: `12.5k`, `0.7312`, `3e-05`."""
    if not math.isfinite(value):
        return str(value)
    if 1000 <= abs(value) < 1e12:
        return f"-{human(-value)}" if value < 0 else human(value)
    return f"{value:.4g}"


def thinned(points: list[tuple[int, float]], most: int = 160) -> list[tuple[int, float]]:
    """At most about `most` points: of each piece the lowest and the highest, so that no spike is lost."""
    if len(points) <= most:
        return points
    size = 2 * len(points) / most
    kept: dict[int, None] = {0: None}
    for number in range(most // 2):
        piece = range(round(number * size), min(len(points), round((number + 1) * size)))
        known = [i for i in piece if math.isfinite(points[i][1])]
        if known:
            extremes = {min(known, key=lambda i: points[i][1]), max(known, key=lambda i: points[i][1])}
            kept |= dict.fromkeys(sorted(extremes))
    kept[len(points) - 1] = None
    return [points[i] for i in kept]
