"""Hashes of ids: the same on every machine, in every run and for every batch of values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data.arrow import Column, array_of, one_chunk

Words = NDArray[np.uint64]

_PIECE = 1 << 18
"""Texts that are hashed at once: bounds the memory for their bytes."""


def rows_of(column: Column, rows: int) -> NDArray[np.int64]:
    """[n] hash mod `rows` of texts or numbers without null; a number has the hash of its decimal text."""
    plain = one_chunk(column)
    unique = pc.unique(plain)
    hashes = _hashed(unique) % np.uint64(rows)
    return hashes.astype(np.int64)[array_of(pc.index_in(plain, unique))]


def _hashed(values: Column) -> Words:
    if pa.types.is_timestamp(values.type) or pa.types.is_boolean(values.type):
        values = values.cast(pa.int64())
    values = values.cast(pa.string())
    pieces = [_of_texts(values.slice(i, _PIECE)) for i in range(0, len(values), _PIECE)]
    return np.concatenate([np.zeros(0, np.uint64), *pieces])


def _of_texts(texts: Column) -> Words:
    """A sum over the UTF-8 bytes of a text of one random word for each (place, byte), mixed with the length."""
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    content = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]] if data is not None else np.zeros(0, np.uint8)
    lengths, bounds = np.diff(bounds), bounds - bounds[0]
    place = np.arange(len(content)) - np.repeat(bounds[:-1], lengths)
    words = _mixed((place.astype(np.uint64) << np.uint64(8)) + content + np.uint64(1))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(words)])
    return _mixed(sums[bounds[1:]] - sums[bounds[:-1]] + lengths.astype(np.uint64))


def _mixed(words: Any) -> Words:
    """The finalizer of splitmix64 (Steele, Lea & Flood 2014): every bit of the result depends on every bit."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(words ^ (words >> np.uint64(31)))
