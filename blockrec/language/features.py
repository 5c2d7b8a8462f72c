"""What a model reads: features with their tables and sequences, and labels, as plain values.

Both the compiler (types, tables) and the data path (columns, vocabularies) read these; neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from blockrec.diagnostics import Span

AUTO: Literal["auto"] = "auto"


@dataclass(frozen=True)
class Column:
    """Values come from a column of the data; `default` replaces a null."""

    name: str
    default: Any = None


@dataclass(frozen=True)
class Constant:
    """Every sample (or step) has the same value."""

    value: int | float


@dataclass(frozen=True)
class Position:
    """The place of a step in its sequence, counted from 1: `from_end` gives the newest step 1, the oldest L."""

    direction: Literal["from_start", "from_end"]


@dataclass(frozen=True)
class Feature:
    """One feature, or one field of a sequence.

    name: as the language writes it, `item` or `behaviors.item`; also its key in a batch.
    sequence: the sequence it is a field of (`behaviors`), or None for one value a sample.
    kind: `id` (a row of a table), `dense` (`width` floats) or `raw` (passed through, `dtype`).
    root: the feature that owns the ids and the table; another one than `name` if declared `like` it.
    vocab: rows of the table (ids 0 .. vocab − 1), `auto` (counted in the training data), None if not an id.
    """

    name: str
    sequence: str | None
    kind: Literal["id", "dense", "raw"]
    root: str
    vocab: int | Literal["auto"] | None
    source: Column | Constant | Position
    span: Span
    width: int = 1
    dtype: str = "int64"
    dim: int | None = None


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

    sequence: the sequence whose steps have one each, None for one a sample.
    """

    name: str
    column: str
    span: Span
    at_least: float | None = None
    bit: int | None = None
    type: Literal["binary", "float"] = "binary"
    sequence: str | None = None


@dataclass(frozen=True)
class Features:
    """All that a document declares about its inputs: features by name, sequences by name, labels by name."""

    features: dict[str, Feature]
    sequences: dict[str, Sequence]
    labels: dict[str, Label]
