"""Tables of results as text, and what a metric is over several seeds."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blockrec.words import human, setting, shortened

NONE = "–"
WIDEST = 40
"""Characters of a setting that a table shows."""


@dataclass(frozen=True)
class Spread:
    """count, mean and sample standard deviation of some values; NaN if there are too few."""

    count: int
    mean: float
    std: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        mean = statistics.fmean(values) if values else math.nan
        return cls(len(values), mean, statistics.stdev(values) if len(values) > 1 else math.nan)

    def __str__(self) -> str:
        """`0.7312 ± 0.0021`, without the deviation for one value."""
        if not self.count:
            return NONE
        return f"{self.mean:.4f}" if self.count == 1 else f"{self.mean:.4f} ± {self.std:.4f}"

    def to_json(self) -> dict[str, Any]:
        """Plain data; null where there is no number."""
        known = {key: None if math.isnan(x) else x for key, x in (("mean", self.mean), ("std", self.std))}
        return {**known, "count": self.count}


def count_cell(values: Sequence[float]) -> str:
    """A mean count: `16.4k`."""
    return human(statistics.fmean(values)) if values else NONE


def setting_cell(value: Any) -> str:
    """A setting on one line; a mapping as YAML would have it in braces."""
    if isinstance(value, Mapping):
        return shortened(f"{{{', '.join(f'{k}: {setting_cell(v)}' for k, v in value.items())}}}", WIDEST)
    return shortened(setting(value), WIDEST)


def aligned(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of equal width, two blanks apart; lines end at their last letter.

    >>> print(aligned(["name", "n"], [["a", "10"], ["bcdef", "2"]]))
    name   n
    a      10
    bcdef  2
    """
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)


def comma_separated(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV with a header of every key."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, keys, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
