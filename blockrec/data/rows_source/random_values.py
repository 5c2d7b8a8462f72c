"""How values are drawn that fit what a feature or a label declares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Array, Column
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Buckets, Calendar, Feature, Label, Listed
from blockrec.language.features import Column as FromColumn
from blockrec.language.wordlist import read_words

DISTINCT = 1000
"""Different ids of a table of unknown size, and the most of any."""
LONGEST = 20
"""Steps of a list, if its sequence has no `max_len`; at most twice as many."""
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_YEAR = 365 * 24 * 3600
_EPOCH = 1_700_000_000

Draw = Callable[[np.random.Generator, int], Column]
"""So many values."""


def draws_of(feature: Feature) -> dict[str, Draw]:
    """Each column that a feature reads, and how its values are drawn."""
    source = feature.source
    if isinstance(source, Calendar):
        unit = _UNITS[source.unit or "us"]
        times = {source.since: _times(unit, 0), source.column: _times(unit, _YEAR)}
        return {name: draw for name, draw in times.items() if name is not None}
    return {source.name: _values(feature)} if isinstance(source, FromColumn) else {}


def _values(feature: Feature) -> Draw:
    if feature.pool:
        single = _ids(feature)
        return lambda rng, n: _pooled(single, rng, n, min(feature.max_len or LONGEST, LONGEST))
    if feature.kind == "dense":
        return lambda rng, n: _dense(rng, n, feature.width)
    if feature.kind == "raw":
        kind = np.dtype(feature.dtype)
        high = 2 if kind.kind == "b" else DISTINCT
        return lambda rng, n: pa.array(rng.integers(high, size=n).astype(kind))
    return _ids(feature)


def _ids(feature: Feature) -> Draw:
    if isinstance(feature.ids, Buckets):
        return lambda rng, n: _dense(rng, n, 1)
    if isinstance(feature.ids, Listed) and feature.ids.file is not None:
        words = pa.array(read_words(feature.ids.file, feature.span, Diagnostics()) or [""])
        return lambda rng, n: words.take(pa.array(rng.integers(len(words), size=n)))
    return integers(min(feature.vocab, DISTINCT) if isinstance(feature.vocab, int) else DISTINCT)


def integers(high: int) -> Draw:
    """Whole numbers below `high`."""
    return lambda rng, n: pa.array(rng.integers(high, size=n))


def _times(unit: int, later: int) -> Draw:
    """Within a year, which begins `later` seconds after the first one."""
    return lambda rng, n: pa.array((_EPOCH + later + rng.integers(_YEAR, size=n)) * unit)


def label_draw(label: Label) -> Draw:
    """Half of the values are 1; all classes are as frequent."""
    if label.type == "float":
        return lambda rng, n: _dense(rng, n, 1)
    if label.classes is not None:
        return integers(label.classes)
    bit, least = label.bit or 0, label.at_least
    if least is not None:
        return lambda rng, n: pa.array(rng.permutation(n) % 2 - 1 + least)
    return lambda rng, n: pa.array(rng.permutation(n) % 2 << bit)


def _dense(rng: np.random.Generator, rows: int, width: int) -> Column:
    values = pa.array(rng.normal(size=rows * width).round(3))
    return values if width == 1 else pa.FixedSizeListArray.from_arrays(values, width)


def _pooled(draw: Draw, rng: np.random.Generator, rows: int, longest: int) -> Column:
    lengths = rng.integers(0, 1 + longest, rows)
    return lists(lengths, draw(rng, int(lengths.sum())))


def lists(lengths: Array, values: Column) -> Column:
    """Values as lists of such lengths."""
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32()), values)
