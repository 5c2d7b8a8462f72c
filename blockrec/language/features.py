"""What a model reads: features with their tables and sequences, and labels, as plain values.

Both the compiler (types, tables) and the data path (columns, vocabularies) read these; neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from blockrec.diagnostics import Span

AUTO: Literal["auto"] = "auto"

CALENDAR_ROWS = {"hour": 24, "weekday": 7, "day": 31}
"""Rows of the table of each part of a date: hour 0–23, weekday 0 (Monday) – 6, day of the month − 1."""


@dataclass(frozen=True)
class Column:
    """Values come from a column of the data; `default` replaces a null.

    own: whether the feature itself names the column; else the name is its own or that of the feature it is like.
    """

    name: str
    default: Any = None
    own: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True)
class Constant:
    """Every sample (or step) has the same value."""

    value: int | float


@dataclass(frozen=True)
class Position:
    """The place of a step in its sequence, counted from 1: `from_end` gives the newest step 1, the oldest L."""

    direction: Literal["from_start", "from_end"]


@dataclass(frozen=True)
class Calendar:
    """A number made from times.

    part: `hour`, `weekday` or `day` (see `CALENDAR_ROWS`) of a time in the zone `tz`, or `minutes_since`: from the time
    in column `since` to the moment of the sample, also for a step, whose `since` is its own.
    column: of that time or moment; None: the time of the sample (of a step for `hour`, `weekday`, `day`: its own).
    unit: of times that are plain numbers. default: replaces the result where a time is missing.
    """

    part: Literal["hour", "weekday", "day", "minutes_since"]
    column: str | None = None
    since: str | None = None
    tz: str = "UTC"
    unit: Literal["s", "ms", "us", "ns"] | None = None
    default: Any = None


@dataclass(frozen=True)
class Listed:
    """A value's row is its place in a list, from 1 on: that of `file`, else of the values in the training data.

    Row 0 is for null and unseen values; with `cold` an unseen value is hashed into one of so many last rows.
    """

    file: Path | None = None
    cold: int = 0


@dataclass(frozen=True)
class Hashed:
    """A value's row is its hash."""


@dataclass(frozen=True)
class Buckets:
    """A number's row is 1 + how many edges are ≤ it, row 0 is for null.

    edges: as given, else `count` − 1 quantiles of the training data.
    """

    count: int
    edges: tuple[float, ...] | None = None


Ids = Listed | Hashed | Buckets
Norm = Literal["log1p", "zscore", "minmax"]


@dataclass(frozen=True)
class Feature:
    """One feature, or one field of a sequence.

    name: as the language writes it, `item` or `behaviors.item`; also its key in a batch.
    sequence: the sequence it is a field of (`behaviors`), or None for one value a sample.
    kind: `id` (a row of a table), `dense` (`width` floats) or `raw` (passed through, `dtype`).
    root: the feature that owns the ids and the table; another one than `name` if declared `like` it.
    vocab: rows of the table (ids 0 .. vocab − 1), `auto` (counted in the training data), None if not an id.
    ids: how a value becomes a row, None if it is one. init: (kind, number), initial values of the table.
    pool: a list a sample, whose vectors a lookup joins: at most `max_len` values, the first or last ones (`keep`).
    norm: what is done to dense numbers, by what the training data say.
    """

    name: str
    sequence: str | None
    kind: Literal["id", "dense", "raw"]
    root: str
    vocab: int | Literal["auto"] | None
    source: Column | Constant | Position | Calendar
    span: Span
    width: int = 1
    dtype: str = "int64"
    dim: int | None = None
    ids: Ids | None = None
    init: tuple[str, float] | None = None
    pool: Literal["sum", "mean"] | None = None
    max_len: int | None = None
    keep: Literal["first", "last"] = "last"
    norm: Norm | None = None

    @property
    def axis(self) -> str | None:
        """The axis of lengths that its values lie on: its sequence, itself if it is pooled, else None."""
        return self.name if self.pool else self.sequence


@dataclass(frozen=True)
class Sequence:
    """A sequence: its fields share one length, of which the `keep` (`last`, newest) `max_len` steps are used."""

    name: str
    fields: tuple[str, ...]
    max_len: int | None
    keep: Literal["first", "last"]
    span: Span


@dataclass(frozen=True)
class Label:
    """A target: `column`, as 0/1 by `at_least` (value ≥ threshold) or `bit` (that bit is set), or the value itself.

    classes: how many, of a value that is the number of one.
    sequence: the sequence whose steps have one each, None for one a sample.
    """

    name: str
    column: str
    span: Span
    at_least: float | None = None
    bit: int | None = None
    type: Literal["binary", "float", "class"] = "binary"
    sequence: str | None = None
    classes: int | None = None


@dataclass(frozen=True)
class Features:
    """All that a document declares about its inputs: features by name, sequences by name, labels by name."""

    features: dict[str, Feature]
    sequences: dict[str, Sequence]
    labels: dict[str, Label]
