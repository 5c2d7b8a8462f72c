"""Gathers the items of the training part, piece by piece: how often each occurs, its last row, who met it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data.arrow import Array, Table, one_chunk
from blockrec.data.sampling.numbering import Index, Numbering

_PAIRS = 1 << 24
"""Pairs that are kept before they are made unique."""
_SHIFT = 32


@dataclass
class Collector:
    """item: the column of the item id. pairs: whether to note who met what.

    last: [m] rows, one an item, in the order of `items`. moment: [m] when that row was.
    """

    item: str
    pairs: bool
    items: Numbering = field(default_factory=Numbering)
    counts: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    last: Table = None
    moment: Array = field(default_factory=lambda: np.zeros(0))
    _met: list[Index] = field(default_factory=list)

    def see(self, table: Table, moment: Array, users: NDArray[Any]) -> None:
        """Rows of the training part. moment: [n] of two rows of an item, the later one counts, or the one seen later.

        users: [n] their numbers; −1 for none.
        """
        codes = self.items.add(table.column(self.item))
        known = np.flatnonzero(codes >= 0)
        codes, moment, users = codes[known], moment[known], users[known]
        number = len(self.items.values)
        self.counts = _grown(self.counts, number) + np.bincount(codes, minlength=number)
        self._keep_last(_plain(table.take(pa.array(known))), codes, moment, number)
        if self.pairs:
            whose = users >= 0
            self._met.append((users[whose].astype(np.int64) << _SHIFT) | codes[whose])
            if sum(map(len, self._met[1:])) > _PAIRS:
                self._met = [np.unique(np.concatenate(self._met))]

    def _keep_last(self, table: Table, codes: Index, moment: Array, number: int) -> None:
        before = len(self.moment)
        both = table if self.last is None else pa.concat_tables([self.last, table])
        codes, moment = np.concatenate([np.arange(before), codes]), np.concatenate([self.moment[:before], moment])
        place = last_of_each(codes, moment, number)
        self.last, self.moment = both.take(pa.array(place)), moment[place]

    def met(self) -> Index:
        """Sorted unique numbers user · m + item."""
        pairs = np.unique(np.concatenate([np.zeros(0, np.int64), *self._met]))
        return (pairs >> _SHIFT) * len(self.items.values) + (pairs & ((1 << _SHIFT) - 1))


def last_of_each(codes: Index, moment: Array, number: int) -> Index:
    """[number] the place of the latest of each code; of equal ones the last."""
    order = np.argsort(moment, kind="stable")
    last = np.zeros(number, np.int64)
    last[codes[order]] = order  # of several places of one code, numpy keeps the one assigned last
    return last


def _plain(table: Table) -> Table:
    """Text as text, also where it is stored as numbers into a dictionary."""
    return pa.table({name: one_chunk(table.column(name)) for name in table.column_names})


def _grown(values: Index, size: int) -> Index:
    return np.concatenate([values, np.zeros(size - len(values), np.int64)])
