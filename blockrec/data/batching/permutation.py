"""A random order that is computed place by place: nothing is stored and nothing replayed on resume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Key = tuple[int, ...]
"""Names a permutation, e.g. (seed, epoch). Zeros at its end make no difference."""

_ROUNDS = 4
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def permuted(places: NDArray[np.int64], size: int, key: Key) -> NDArray[np.int64]:
    """Where the elements at `places` of range(size) go under the permutation that `key` names.

    A balanced Feistel network permutes the smallest range of 4^k that holds `size`; a value that falls outside
    `size` is permuted again until it is inside (Black & Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).

    >>> permuted(np.arange(5), 5, (0, 0)).tolist()
    [2, 1, 3, 4, 0]
    """
    half = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
    keys = np.random.default_rng(key).integers(0, 2**63, _ROUNDS, dtype=np.uint64) | np.uint64(1)
    values = places.astype(np.uint64)
    outside = np.arange(len(values))
    while len(outside):
        values[outside] = _feistel(values[outside], half, keys)
        outside = outside[values[outside] >= size]
    return values.astype(np.int64)


def _feistel(values: NDArray[np.uint64], half: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A bijection of range(4 ** half)."""
    shift, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = values >> shift, values & mask
    for key in keys:
        left, right = right, left ^ (_mix(right, key) & mask)
    return (left << shift) | right


def _mix(values: NDArray[np.uint64], key: np.uint64) -> NDArray[np.uint64]:
    mixed = (values + key) * _GOLDEN
    mixed ^= mixed >> np.uint64(29)
    return (mixed * key) >> np.uint64(32)
