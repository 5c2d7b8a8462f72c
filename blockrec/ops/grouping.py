"""The occurrences of each distinct id in a batch, for ops that touch a table's row once however often its id occurs.

Neither time nor memory depends on the table's height.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import helper, kernel, share

Array = Any
CHUNKS_PER_THREAD = 4
DIGIT = 14
"""Bits of a digit of the sort, at most: the counters of its values stay in the cache."""


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
    keys = keys_of(ids, height)
    places: Array = np.arange(keys.shape[0], dtype=keys.dtype)
    if (keys[1:] < keys[:-1]).any():
        keys, places = in_order(keys, places, height)
    arrays = [torch.from_numpy(x) for x in (keys, places, starts_of(keys))]
    return Groups(arrays[0], arrays[1], arrays[2], parts())


def keys_of(ids: Tensor, height: int) -> Array:
    """Ids [n] in 32 bits if they and their number fit."""
    short = max(height, ids.shape[0]) <= torch.iinfo(torch.int32).max
    return ids.to(torch.int32 if short else torch.int64).contiguous().numpy()


def parts() -> int:
    """Parts of about equal work, for `first_of`."""
    return torch.get_num_threads() * CHUNKS_PER_THREAD


def in_order(keys: Array, carried: Array, height: int) -> tuple[Array, Array]:
    """Keys [n] below `height` in order, equal ones as they came, and with each what it carries [n].

    By counting, a digit at a time; each thread counts and moves a part of the keys. torch's sort is no faster at these
    sizes, and hundredfold slower on busy processors.
    """
    count = max(1, math.ceil((height - 1).bit_length() / DIGIT))
    bits = math.ceil((height - 1).bit_length() / count)
    share(keys.shape[0])
    for digit in range(count):
        ends = np.zeros((numba.get_num_threads(), 1 << bits), np.int64)
        moved, taken = np.empty_like(keys), np.empty_like(carried)
        _count(keys, digit * bits, ends)
        _begin(ends)
        _move(keys, carried, digit * bits, ends, moved, taken)
        keys, carried = moved, taken
    return keys, carried


@kernel
def _count(keys: Array, shift: int, counts: Array) -> None:
    """counts [part, value]: how many keys of a part have the digit."""
    number, mask = counts.shape[0], counts.shape[1] - 1
    for part in prange(number):
        for i in range(part * keys.shape[0] // number, (part + 1) * keys.shape[0] // number):
            counts[part, (keys[i] >> shift) & mask] += 1


@helper
def _begin(counts: Array) -> None:
    """Counts become the place of the first key of a part that has the digit."""
    total = 0
    for value in range(counts.shape[1]):
        for part in range(counts.shape[0]):
            count = counts[part, value]
            counts[part, value] = total
            total += count


@kernel
def _move(keys: Array, carried: Array, shift: int, places: Array, moved: Array, taken: Array) -> None:
    number, mask = places.shape[0], places.shape[1] - 1
    for part in prange(number):
        for i in range(part * keys.shape[0] // number, (part + 1) * keys.shape[0] // number):
            value = (keys[i] >> shift) & mask
            place = places[part, value]
            moved[place], taken[place] = keys[i], carried[i]
            places[part, value] = place + 1


@helper
def starts_of(ordered: Array) -> Array:
    """Where each distinct key starts, and the number of keys."""
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
