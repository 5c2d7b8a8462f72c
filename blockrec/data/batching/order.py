"""The order in which an epoch goes through its samples; computed place by place, so that nothing is replayed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from blockrec.data.batching.permutation import Key, permuted

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Blocks:
    """Shuffle blocks of `rows` neighbouring samples, then the samples of every `blocks` blocks that come together.

    Only so many blocks are read at a time, whatever the size of the data.
    """

    blocks: int
    rows: int


Shuffle = bool | Blocks
"""False: as stored. True: all permutations alike likely, as far as a pseudo-random one can be."""


class Order(Protocol):
    """A bijection of range(size)."""

    def __call__(self, places: Index) -> Index:
        """[n] which samples come at `places`."""


def order_of(shuffle: Shuffle, size: int, key: Key) -> Order:
    """The order that `key` (seed, epoch) names."""
    if isinstance(shuffle, Blocks):
        return _InBlocks(size, shuffle, key)
    return _Everywhere(size, key) if shuffle else lambda places: places


@dataclass(frozen=True)
class _Everywhere:
    size: int
    key: Key

    def __call__(self, places: Index) -> Index:
        return permuted(places, self.size, self.key)


@dataclass(frozen=True)
class _InBlocks:
    """first: [blocks] the first sample of each block, in their new order. before: [blocks + 1] samples before each."""

    size: int
    shuffle: Blocks
    key: Key
    first: Index = field(init=False, repr=False)
    before: Index = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows = self.shuffle.rows
        count = -(-self.size // rows)
        first = permuted(np.arange(count), count, self.key) * rows
        sizes = np.minimum(rows, self.size - first)
        object.__setattr__(self, "first", first)
        object.__setattr__(self, "before", np.concatenate([[0], np.cumsum(sizes)]))

    def __call__(self, places: Index) -> Index:
        window = (np.searchsorted(self.before, places, side="right") - 1) // self.shuffle.blocks
        found = np.empty(len(places), np.int64)
        for number in np.unique(window):
            here = window == number
            found[here] = self._inside(int(number), places[here])
        return found

    def _inside(self, window: int, places: Index) -> Index:
        """The samples at places of one window."""
        low = self.before[window * self.shuffle.blocks]
        high = self.before[min((window + 1) * self.shuffle.blocks, len(self.first))]
        # Keys are told apart by their numbers, not by how many there are: a window's ends with a number above 0.
        mixed = low + permuted(places - low, int(high - low), (*self.key, 1 + window))
        block = np.searchsorted(self.before, mixed, side="right") - 1
        return np.asarray(self.first[block] + mixed - self.before[block])
