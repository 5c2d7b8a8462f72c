"""What is known about one column of files, seen piece by piece in bounded memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Column, array_of, one_chunk
from blockrec.data.encoding.reader import is_list
from blockrec.data.rows_source.nested import without_nan
from blockrec.data.rows_source.sample import Sample
from blockrec.data.rows_source.words import Words

COUNTED = 2_000_000
"""Different values of a column that are told apart; beyond that there are `more than` so many."""
QUANTILES = {"median": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


@dataclass
class Stats:
    """Of one column. rows: seen; nulls: of them. Of lists, the values in them are described, and their lengths.

    low, high: the extremes of numbers and times. total: sum of the numbers. whole: whether all numbers are whole.
    """

    name: str
    rows: int = 0
    nulls: int = 0
    values: int = 0
    missing: int = 0
    low: Any = None
    high: Any = None
    total: float = 0.0
    whole: bool = True
    kinds: dict[str, None] = field(default_factory=dict)
    words: Words = field(default_factory=Words, repr=False)
    full: bool = False
    lengths: Sample | None = field(default=None, repr=False)

    def add(self, column: Column) -> None:
        """Further rows."""
        single = one_chunk(column)
        self.rows += len(single)
        self.nulls += without_nan(single).null_count
        if not pa.types.is_null(single.type):
            self.kinds[str(single.type)] = None
        if is_list(single.type):
            self.lengths = self.lengths or Sample()
            self.lengths.add(array_of(pc.fill_null(pc.list_value_length(single), 0)))
            single = single.flatten()
            self.missing += single.null_count
            if is_list(single.type) or pa.types.is_struct(single.type):
                return
        self._add_values(without_nan(single).drop_null())

    def _add_values(self, values: Column) -> None:
        self.values += len(values)
        if not len(values):
            return
        numbers = values.cast(pa.int8()) if pa.types.is_boolean(values.type) else values
        if _is_ordered(numbers.type):
            low, high = (pc.min_max(numbers)[key].as_py() for key in ("min", "max"))
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)
        if _is_number(numbers.type):
            self.total += float(pc.sum(numbers.cast(pa.float64())).as_py())
        if pa.types.is_floating(numbers.type) and self.whole:
            self.whole = bool(pc.all(pc.equal(numbers, pc.floor(numbers))).as_py())
        if not self.full:
            self.words.add(values)
            self.full = self.words.size > COUNTED and self.distinct > COUNTED

    @property
    def kind(self) -> str:
        """The Arrow type; several if the files differ, `null` without any value."""
        return " or ".join(re.sub(r"<\w+: ", "<", kind) for kind in self.kinds) or "null"

    @property
    def distinct(self) -> int:
        """Different values, `COUNTED` and more of them as a lower bound (`full`)."""
        return sum(map(len, self.words.columns(may_mix=True)))

    @property
    def examples(self) -> list[Any]:
        """Some values."""
        return [value for column in self.words.columns(may_mix=True) for value in column.slice(0, 5).to_pylist()][:5]

    @property
    def separator(self) -> str:
        """What seems to stand between several values in its texts; empty if they are single ones."""
        texts = [value for column in self.words.columns(may_mix=True) for value in column.slice(0, 100).to_pylist()]
        shares = {mark: sum(mark in str(text) for text in texts) for mark in "|^;"} if self.is_text else {}
        return next((mark for mark, count in shares.items() if 2 * count > len(texts)), "")

    @property
    def is_text(self) -> bool:
        return "string" in self.kind

    @property
    def is_time(self) -> bool:
        return "timestamp" in self.kind

    @property
    def is_list(self) -> bool:
        return self.lengths is not None

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers, whatever their type."""
        return not (self.is_text or self.is_time) and self.whole and self.low is not None

    @property
    def is_binary(self) -> bool:
        """Whether its values are 0 and 1."""
        return self.is_whole and not self.is_list and self.low == 0 and self.high == 1

    @property
    def mean(self) -> float | None:
        """Of numbers."""
        numeric = self.low is not None and not self.is_time
        return self.total / self.values if numeric and self.values else None

    @property
    def quantiles(self) -> dict[str, float]:
        """Of the lengths of its lists."""
        if self.lengths is None or not len(self.lengths.values):
            return {}
        return {name: float(np.quantile(self.lengths.values, q)) for name, q in QUANTILES.items()}

    def is_like(self, other: Stats) -> bool:
        """Whether its lists have the lengths of another column's."""
        if self.lengths is None or other.lengths is None:
            return False
        return np.array_equal(self.lengths.values, other.lengths.values)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        known = {
            "name": self.name,
            "type": self.kind,
            "rows": self.rows,
            "nulls": self.nulls,
            "distinct": self.distinct,
            "distinct_is_a_lower_bound": self.full,
            "min": _plain(self.low),
            "max": _plain(self.high),
            "mean": self.mean,
            "examples": [_plain(value) for value in self.examples],
        }
        return {**known, "lengths": self.quantiles} if self.is_list else known


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_ordered(kind: Any) -> bool:
    return _is_number(kind) or bool(pa.types.is_timestamp(kind))


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str | None) else str(value)
