"""Columns of one length that are read a part at a time, from files or from memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data import arrow
from blockrec.data.arrow import Column, Table, one_chunk

ROWS = 1 << 20
"""Rows that are looked at at a time."""
Index = NDArray[np.integer[Any]]


def spans(rows: int) -> Iterator[tuple[int, int]]:
    """`start, stop` of consecutive parts; one empty part if there are no rows."""
    for start in range(0, max(rows, 1), ROWS):
        yield start, min(start + ROWS, rows)


def index_type(size: int) -> type[np.int32 | np.int64]:
    """The narrower type that can count up to `size`."""
    return np.int32 if size < 2**31 else np.int64


class Values(Protocol):
    """One column."""

    @property
    def type(self) -> Any:
        """Its Arrow type; texts are plain strings."""

    def part(self, start: int, stop: int) -> Column:
        """The rows `start:stop`."""

    def take(self, rows: Index) -> Column:
        """Some rows, in that order."""


@dataclass(frozen=True)
class Held:
    """A column in memory."""

    values: Column

    @property
    def type(self) -> Any:
        return self.values.type

    def part(self, start: int, stop: int) -> Column:
        return self.values.slice(start, stop - start)

    def take(self, rows: Index) -> Column:
        return self.values.take(pa.array(rows))


@dataclass(frozen=True)
class Stored:
    """A column in a file, perhaps in a narrower type than `type`.

    The file is mapped for every part anew: pages that were read do not stay.
    """

    path: Path
    type: Any

    @property
    def raw(self) -> Column:
        """The whole column as it is in the file."""
        column = arrow.read(self.path).column(0)
        return column.chunk(0) if column.num_chunks else pa.array([], column.type)

    def part(self, start: int, stop: int) -> Column:
        return self._plain(self.raw.slice(start, stop - start))

    def take(self, rows: Index) -> Column:
        return self._plain(self.raw.take(pa.array(rows)))

    def _plain(self, values: Column) -> Column:
        return one_chunk(values).cast(self.type)


@dataclass(frozen=True)
class Repeated:
    """A column that has the i-th of its values in the rows `starts[i]:starts[i + 1]`."""

    values: Column
    starts: NDArray[np.int64]

    @property
    def type(self) -> Any:
        return self.values.type

    def part(self, start: int, stop: int) -> Column:
        return self.take(np.arange(start, stop))

    def take(self, rows: Index) -> Column:
        return self.values.take(pa.array(np.searchsorted(self.starts, rows, side="right") - 1))


@dataclass(frozen=True)
class Chosen:
    """The rows `index` of a column."""

    values: Values
    index: Index

    @property
    def type(self) -> Any:
        return self.values.type

    def part(self, start: int, stop: int) -> Column:
        return self.values.take(self.index[start:stop])

    def take(self, rows: Index) -> Column:
        return self.values.take(self.index[rows])


@dataclass(frozen=True)
class Frame:
    """`rows` rows of named columns."""

    rows: int
    columns: Mapping[str, Values]

    @classmethod
    def of(cls, table: Table) -> Frame:
        """A table in memory."""
        return cls(len(table), {name: Held(one_chunk(table.column(name))) for name in table.column_names})

    def table(self, names: Iterable[str], start: int, stop: int) -> Table:
        """Some columns of the rows `start:stop`."""
        return pa.table({name: self.columns[name].part(start, stop) for name in names})

    def column(self, name: str) -> Column:
        """A whole column."""
        return self.columns[name].part(0, self.rows)

    def chosen(self, index: Index) -> Frame:
        """The rows `index`, in that order."""
        return Frame(len(index), {name: Chosen(values, index) for name, values in self.columns.items()})

    def having(self, columns: Mapping[str, Values]) -> Frame:
        """With further columns, or others instead."""
        return Frame(self.rows, {**self.columns, **columns})

    def values(self, name: str) -> Column:
        """Sorted unique values of a column, without null."""
        column, seen = self.columns[name], pa.array([], self.columns[name].type)
        for start, stop in spans(self.rows):
            seen = pa.concat_arrays([seen, column.part(start, stop).drop_null().unique()]).unique()
        return arrow.ordered(seen)

    def codes(self, name: str) -> tuple[Column, NDArray[np.int32]]:
        """Sorted unique values of a column, and for each row the place of its value among them, −1 for null."""
        column, values = self.columns[name], self.values(name)
        codes = np.empty(self.rows, np.int32)
        for start, stop in spans(self.rows):
            codes[start:stop] = arrow.places(column.part(start, stop), values)
        return values, codes
