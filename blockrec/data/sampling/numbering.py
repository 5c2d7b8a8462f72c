"""Values numbered as they come, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data.arrow import Column, array_of, one_chunk

Index = NDArray[np.int64]


@dataclass
class Numbering:
    """values: unique, without null; the i-th has the number i."""

    values: Column = field(default_factory=lambda: pa.nulls(0))

    def add(self, column: Column) -> Index:
        """[n] the numbers of a piece, of which values that are new get the next ones; −1 for null.

        Raises `pyarrow.ArrowInvalid` for values of another kind than before.
        """
        plain = one_chunk(column)
        if not len(self.values):
            self.values = pa.array([], plain.type)
        plain = plain.cast(self.values.type)
        unique = plain.drop_null().unique()
        new = unique.filter(pc.invert(pc.is_in(unique, self.values)))
        self.values = pa.concat_arrays([self.values, new])
        return self.find(plain)

    def find(self, column: Column) -> Index:
        """[n] the numbers of known values, −1 for others; raises `pyarrow.ArrowInvalid` for another kind."""
        plain = one_chunk(column)
        if not len(self.values):
            return np.full(len(plain), -1)
        plain = plain if plain.type == self.values.type else plain.cast(self.values.type)
        return array_of(pc.fill_null(pc.index_in(plain, self.values), -1)).astype(np.int64)
