"""Vocabularies: values, of the training part or a file, each with its row of a table; row 0 is for all others."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data.arrow import UNFIT, Column, array_of, one_chunk, ordered, places
from blockrec.data.encoding import hashing

UNSEEN = 0


@dataclass(frozen=True)
class Inner:
    """Rows of a table for the inner nodes of a tree over the values. tree: names it; equal for equal trees."""

    rows: int = 0
    tree: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """Unique values without null; value i has the row i + 1, and the next `cold` rows are shared by all others.

    inner: rows behind all of these.
    """

    values: Column
    cold: int = 0
    inner: Inner = Inner()

    @classmethod
    def of(cls, columns: list[Column], cold: int = 0) -> Vocabulary:
        """The values of all columns, sorted. Raises `pyarrow.ArrowInvalid` if some are text and some numbers."""
        found = [_unique(column) for column in columns]
        kinds = {pa.types.is_string(column.type) for column in found if not pa.types.is_null(column.type)}
        if len(kinds) > 1:
            raise pa.ArrowInvalid("some values are text and some are numbers")
        schema = pa.unify_schemas([pa.schema([("value", c.type)]) for c in found], promote_options="permissive")
        together = pa.concat_arrays([column.cast(schema.field(0).type) for column in found])
        return cls(ordered(together.unique()), cold)

    @property
    def rows(self) -> int:
        """Rows of a table: row 0, one for each value, the cold ones, and those of inner nodes."""
        return len(self.values) + 1 + self.cold + self.inner.rows

    def encode(self, column: Column) -> NDArray[np.int32]:
        """[n] rows; null has row 0, as has a value that is not in the vocabulary if there are no cold rows."""
        plain, values = _alike(one_chunk(column), self.values)
        rows = (array_of(pc.fill_null(pc.index_in(plain, values), -1)) + 1).astype(np.int32)
        if self.cold:
            unseen = np.flatnonzero((rows == UNSEEN) & array_of(plain.is_valid()))
            rows[unseen] = 1 + len(self.values) + hashing.rows_of(plain.take(pa.array(unseen)), self.cold)
        return rows


def _alike(column: Column, values: Column) -> tuple[Column, Column]:
    """Both in one type: text beside numbers as numbers where all of it is, so that 007 is 7."""
    if column.type == values.type:
        return column, values
    if pa.types.is_string(values.type) and pa.types.is_integer(column.type):
        with suppress(pa.ArrowInvalid):
            numbers = values.cast(column.type)
            if len(numbers.unique()) == len(numbers):
                return column, numbers
    try:
        return column.cast(values.type), values
    except UNFIT:  # some are not of that kind, and then those are unseen
        return column, values.cast(column.type)


def codes_of(column: Column) -> tuple[Column, NDArray[np.int64]]:
    """Sorted unique values, and for each row the place of its value among them, −1 for null."""
    values = ordered(_unique(column))
    return values, places(column, values).astype(np.int64)


def _unique(column: Column) -> Column:
    if isinstance(column, pa.ChunkedArray) and pa.types.is_dictionary(column.type):
        column = column.combine_chunks()
    return one_chunk(pc.drop_null(pc.unique(column)))
