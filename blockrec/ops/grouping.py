"""The occurrences of each distinct id in a batch, for ops that touch a table's row once however often its id occurs.

Neither time nor memory depends on the table's height.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
import torch
from torch import Tensor

from blockrec.ops.compiled import helper

Array = Any
CHUNKS_PER_THREAD = 4
DIGIT = 11
"""Bits of a digit of the sort, so that the counters of its values stay in the cache."""


class Groups(NamedTuple):
    """Occurrences in the order of their ids, first come first: so sums do not depend on the number of threads.

    ids [n] ascending, places [n] of each occurrence in the batch, starts [u + 1] of each distinct id among them.
    chunks: parts of about equal work for `first_of`.
    """

    ids: Tensor
    places: Tensor
    starts: Tensor
    chunks: int


def group(ids: Tensor, height: int) -> Groups:
    """Sort ids [n] (all below `height`) once; ids in order stay as they are."""
    digits = max(1, math.ceil((height - 1).bit_length() / DIGIT))
    short = max(height, ids.shape[0]) <= torch.iinfo(torch.int32).max
    keys = ids.to(torch.int32 if short else torch.int64).contiguous().numpy()
    bits = math.ceil((height - 1).bit_length() / digits)
    ordered, places = (keys, _count(keys)) if _in_order(keys) else _sorted(keys, digits, bits)
    arrays = [torch.from_numpy(x) for x in (ordered, places, _starts(ordered))]
    return Groups(arrays[0], arrays[1], arrays[2], torch.get_num_threads() * CHUNKS_PER_THREAD)


@helper
def _in_order(keys: Array) -> bool:
    for i in range(1, keys.shape[0]):
        if keys[i] < keys[i - 1]:
            return False
    return True


@helper
def _count(keys: Array) -> Array:
    return np.arange(keys.shape[0]).astype(keys.dtype)


@helper
def _sorted(keys: Array, digits: int, bits: int) -> tuple[Array, Array]:
    """(keys in order, their places) by counting, `digits` digits of `bits` bits each.

    On one thread: torch's sort takes all, which is no faster at these sizes and hundredfold slower on busy processors.
    """
    number = keys.shape[0]
    places = np.arange(number).astype(keys.dtype)
    for digit in range(digits):
        moved, carried = np.empty_like(keys), np.empty_like(places)
        ends = np.zeros((1 << bits) + 1, np.int64)
        for i in range(number):
            ends[((keys[i] >> (digit * bits)) & ((1 << bits) - 1)) + 1] += 1
        for value in range(1 << bits):
            ends[value + 1] += ends[value]
        for i in range(number):
            value = (keys[i] >> (digit * bits)) & ((1 << bits) - 1)
            moved[ends[value]], carried[ends[value]] = keys[i], places[i]
            ends[value] += 1
        keys, places = moved, carried
    return keys, places


@helper
def _starts(ordered: Array) -> Array:
    starts = np.empty(ordered.shape[0] + 1, np.int64)
    found = 0
    for i in range(ordered.shape[0]):
        if i == 0 or ordered[i] != ordered[i - 1]:
            starts[found] = i
            found += 1
    starts[found] = ordered.shape[0]
    return starts[: found + 1]


@helper
def first_of(starts: Array, chunk: int, chunks: int) -> int:
    """The first distinct id of a chunk: chunks hold about equally many occurrences, however popular single ids are."""
    return int(np.searchsorted(starts[:-1], chunk * starts[-1] // chunks))


@numba.njit(inline="always")  # a call with array arguments would not vectorise
def total_of(
    total: Array, gradients: Array, places: Array, start: int, end: int, weight: Array, row: int, decay: float
) -> None:
    """total [d] ← decay · weight[row] + the sum of gradients[places[start:end]]."""
    for d in range(total.shape[0]):
        total[d] = decay * weight[row, d]
    for i in range(start, end):
        place = places[i]
        for d in range(total.shape[0]):
            total[d] += gradients[place, d]
