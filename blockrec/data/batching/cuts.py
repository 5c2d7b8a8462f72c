"""How an epoch is cut into batches: so many samples each, or as many as have so many steps; and what a rank gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blockrec.data.batching.order import Order

Index = NDArray[np.int64]
Weigh = Callable[[Index], Index]
"""[n] samples → [n] their steps."""

CHUNK = 1 << 20
"""Samples whose steps are summed up at a time."""


@dataclass(frozen=True)
class Tokens:
    """Batches of about `count` tokens. A sample has one and those of its sequences' steps, but at most `count`.

    The tokens of an epoch are counted through; batch i holds the samples whose last token is one of i · count + 1 …
    (i + 1) · count. So there are ⌈tokens / count⌉ batches in every order, none is empty, and none has 2 · count tokens.
    """

    count: int

    def of(self, steps: Index) -> Index:
        """[n] tokens of samples with so many steps."""
        return np.minimum(steps + 1, self.count)


Size = int | Tokens
"""Of a batch: samples, or tokens."""


@dataclass(frozen=True)
class Rank:
    """One of `count` processes that divide every batch between them, each taking neighbouring samples."""

    index: int
    count: int

    def share(self, places: Index) -> Index:
        """Its part of a batch; those of all ranks, one after another, are the batch."""
        size = len(places)
        return places[size * self.index // self.count : size * (self.index + 1) // self.count]


ALONE = Rank(0, 1)


def number_of(size: Size, samples: int, weigh: Weigh) -> int:
    """Batches of an epoch."""
    if isinstance(size, int):
        return -(-samples // size)
    total = sum(int(size.of(weigh(piece)).sum()) for piece in _pieces(0, samples))
    return -(-total // size.count)


def cuts(size: Size, samples: int, order: Order, weigh: Weigh, start: int) -> Iterator[Index]:
    """[n] the places of each batch in the order, from batch `start` on."""
    if isinstance(size, Tokens):
        yield from _by_tokens(size, samples, order, weigh, start)
        return
    for first in range(start * size, samples, size):
        yield np.arange(first, min(samples, first + size))


def _by_tokens(size: Tokens, samples: int, order: Order, weigh: Weigh, start: int) -> Iterator[Index]:
    """Goes through the order from its beginning: where a batch starts depends on all samples before it."""
    tokens, batch, first = 0, 0, 0
    for piece in _pieces(0, samples):
        last = tokens + np.cumsum(size.of(weigh(order(piece))))
        tokens = int(last[-1])
        batch_of = (last - 1) // size.count
        for place in piece[np.diff(batch_of, prepend=batch) > 0]:
            if batch >= start:
                yield np.arange(first, place)
            batch, first = batch + 1, int(place)
    if samples and batch >= start:
        yield np.arange(first, samples)


def _pieces(first: int, end: int) -> Iterator[Index]:
    return (np.arange(low, min(low + CHUNK, end)) for low in range(first, end, CHUNK))
