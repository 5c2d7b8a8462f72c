"""Which rows of `train` validate and test, if these have no files of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Array, array_of, one_chunk
from blockrec.data.batching.permutation import permuted
from blockrec.data.encoding import hashing
from blockrec.data.rows_source.pieces import Chunk, Pieces, by_file
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.rows_source.sample import Sample
from blockrec.data.splits import TEST, TRAIN, VALID, Part, SplitPlan
from blockrec.diagnostics import Diagnostics, fail

PartOf = Callable[[Chunk], Part]
_PLACES = 1 << 40
"""Users have places among so many, of which the first share tests and the next one validates."""


def division(plan: RowsPlan, pieces: Pieces, report: Diagnostics) -> PartOf:
    """Chunk → [rows] 0 train, 1 valid, 2 test.

    Shares of rows and of the time go through one column first. More than `sample.SIZE` times are sampled at even
    distances: shares are then as exact as so many values tell.
    """
    split = plan.split
    if split is None:
        return by_file
    if split.by == "random":
        name = next(iter(plan.needs))
        return _Random(split, sum(len(chunk.table) for chunk in pieces.chunks([name], report)))
    return _ByUser(split, plan.user) if split.by == "user" else _by_time(split, plan, pieces, report)


@dataclass(frozen=True)
class _Random:
    split: SplitPlan
    rows: int

    def __call__(self, chunk: Chunk) -> Part:
        places = np.arange(chunk.first, chunk.first + len(chunk.table))
        return _shares(permuted(places, self.rows, (self.split.seed,)), self.rows, self.split)


@dataclass(frozen=True)
class _ByUser:
    """A user has a place by the hash of its id. Rows without a user train."""

    split: SplitPlan
    user: str

    def __call__(self, chunk: Chunk) -> Part:
        column = one_chunk(chunk.table.column(self.user))
        known = array_of(column.is_valid())
        part = np.full(len(column), TRAIN, np.int8)
        places = permuted(hashing.rows_of(column.drop_null(), _PLACES), _PLACES, (self.split.seed,))
        part[known] = _shares(places, _PLACES, self.split)
        return part


def _shares(places: Array, size: int, split: SplitPlan) -> Part:
    """The first places of `size` test, the next ones validate."""
    part = np.full(len(places), TRAIN, np.int8)
    part[places < round(size * (split.valid + split.test))] = VALID
    part[places < round(size * split.test)] = TEST
    return part


@dataclass(frozen=True)
class _ByTime:
    """valid_from, test_from: moments from which rows validate and test."""

    plan: RowsPlan
    valid_from: float
    test_from: float

    def __call__(self, chunk: Chunk) -> Part:
        times = _times(chunk, self.plan)
        found = np.full(len(times), TRAIN, np.int8)
        found[times >= self.valid_from] = VALID
        found[times >= self.test_from] = TEST
        return found


def _by_time(split: SplitPlan, plan: RowsPlan, pieces: Pieces, report: Diagnostics) -> _ByTime:
    if split.valid_from is not None and split.test_from is not None:
        return _ByTime(plan, split.valid_from, split.test_from)
    sample = Sample()
    for chunk in pieces.chunks([plan.time], report):
        times = _times(chunk, plan)
        sample.add(times if split.test_from is None else times[times < split.test_from])
    ordered = np.sort(sample.values)
    if split.test_from is not None:
        return _ByTime(plan, _from(ordered, split.valid), split.test_from)
    return _ByTime(plan, _from(ordered, split.valid + split.test), _from(ordered, split.test))


def _from(ordered: Array, share: float) -> float:
    """The moment at which the latest share begins."""
    first = round(len(ordered) * (1 - share))
    return float("inf") if first >= len(ordered) else ordered[first].item()


def _times(chunk: Chunk, plan: RowsPlan) -> Array:
    """[rows] of the column of the time; raises `BlockrecError` (E503) for a null, for text, or numbers beside dates."""
    column, at = one_chunk(chunk.table.column(plan.time)), plan.at
    if column.null_count:
        message = f"{chunk.place(pc.index(column.is_null(), True).as_py())} has no `{plan.time}`"
        raise fail("E503", message, at, help=f"leave such rows out by `where: {plan.time} != null`")
    dated = pa.types.is_timestamp(column.type)
    if not (dated or pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or not len(column)):
        raise fail("E503", f"column `{plan.time}` is {column.type}, neither a number nor a timestamp", at)
    split = plan.split
    if split is not None and split.test_from is not None and split.dated != dated:
        what = "timestamps, and the moment of `split` is a number" if dated else "numbers, and that of `split` a date"
        raise fail("E503", f"column `{plan.time}` has {what}", at)
    return array_of(column.cast(pa.int64()) if dated else column)
