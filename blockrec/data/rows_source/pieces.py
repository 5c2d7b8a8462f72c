"""Rows piece by piece: values of samples, and values of the steps of their lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data.arrow import Table
from blockrec.data.encoding.derived import Place, columns_of
from blockrec.data.rows_source.nested import split_texts, with_members
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.rows_source.steps import steps_of
from blockrec.data.rows_source.values import Values
from blockrec.data.sources.forms import form_of
from blockrec.data.sources.tables import Files, Need
from blockrec.data.splits import NAMES, TRAIN, Part
from blockrec.diagnostics import Diagnostics, Span

BYTES = 1 << 25
"""Of the columns of a piece, about."""
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """Neighbouring rows, `part` of each. rows: by sequence, None for the samples. lengths: of each sequence, [rows]."""

    part: Part
    rows: Mapping[str | None, Values]
    lengths: Mapping[str, Index]

    def owner(self, sequence: str) -> Index:
        """[steps] the row of each step."""
        return np.repeat(np.arange(len(self.part)), self.lengths[sequence])


@dataclass(frozen=True)
class Chunk:
    """A table with the place of each row in the user's files. first: place of its first row among all of its part."""

    name: str
    table: Table
    place: Place
    first: int


@dataclass(frozen=True)
class Pieces:
    """All rows of a plan, as often as they are asked for."""

    plan: RowsPlan
    columns: Mapping[str, dict[str, Span]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", _columns_of_sequences(self.plan))

    def chunks(self, names: list[str], report: Diagnostics) -> Iterator[Chunk]:
        """The columns `names` of the rows that fulfil `where`; raises `BlockrecError` after errors."""
        for part, files in self.plan.parts.items():
            first = 0
            for table, place in self._of_files(files, names, report):
                yield Chunk(part, table, place, first)
                first += len(table)

    def _of_files(self, files: Files, names: list[str], report: Diagnostics) -> Iterator[tuple[Table, Place]]:
        needs = self._needs(names)
        read, row = -1, 0
        for i, table in files.pieces(needs, report):
            row = row if i == read else 0
            read = i
            for start, small in _cut(table):
                yield self._kept(self._with_lists(small, files, i), _places(files, i, row + start), names, report)
            row += len(table)
        report.raise_errors()

    def _needs(self, names: list[str]) -> dict[str, Need]:
        """What is read of the files for `names`: lists as they are."""
        where = self.plan.where.columns if self.plan.where else ()
        listed = {name for columns in self.columns.values() for name in columns}
        found: dict[str, Need] = {}
        for name in {**dict.fromkeys(names), **dict.fromkeys(sorted(where))}:
            need = self.plan.needs[name]
            found[self.plan.home[name]] = Need("any", need.at, need.required) if name in listed else need
        return found

    def _with_lists(self, table: Table, files: Files, file: int) -> Table:
        """Members of structures as columns, and texts with several values as lists."""
        home = {name: of for name, of in self.plan.home.items() if of in table.column_names}
        table = with_members(table, home)
        if files.form.lists is None or form_of(files.paths[file]) != "csv":
            return table
        for i, name in enumerate(table.column_names):
            if name in self._texts:
                kind = self.plan.needs[name].kind
                table = table.set_column(i, name, split_texts(table.column(i), files.form.lists, kind))
        return table

    @property
    def _texts(self) -> set[str]:
        """Columns that hold lists, in CSV as texts."""
        steps = {name for columns in self.columns.values() for name in columns}
        lists = [f for f in self.plan.features.values() if f.pool or f.width > 1]
        steps |= {self.plan.draws.hard} if self.plan.draws and self.plan.draws.hard else set()
        return steps | {name for f in lists for name in columns_of(f, steps=f.sequence is not None)}

    def _kept(self, table: Table, place: Place, names: list[str], report: Diagnostics) -> tuple[Table, Place]:
        if self.plan.where is None:
            return table.select(names), place
        mask = self.plan.where.mask(table, report)
        report.raise_errors()
        kept = np.flatnonzero(mask)
        return table.select(names).filter(pa.array(mask)), lambda i: place(int(kept[i]))

    def pieces(self, part_of: Callable[[Chunk], Part], report: Diagnostics) -> Iterator[Piece]:
        """All columns in pieces, train first; raises `BlockrecError` after errors."""
        for chunk in self.chunks([*self.plan.needs], report):
            piece = self._piece(chunk, part_of(chunk), report)
            report.raise_errors()
            assert piece is not None
            yield piece

    def _piece(self, chunk: Chunk, part: Part, report: Diagnostics) -> Piece | None:
        trained = part == TRAIN
        rows: dict[str | None, Values] = {None: Values(chunk.table, chunk.place, trained)}
        lengths: dict[str, Index] = {}
        for name, columns in self.columns.items():
            found = steps_of(chunk.table, columns, chunk.place, report)
            if found is None:
                return None
            table, lengths[name] = found
            owner = np.repeat(np.arange(len(part)), lengths[name])
            rows[name] = Values(table, _place_of(chunk.place, owner), trained[owner])
        return Piece(part, rows, lengths)


def by_file(chunk: Chunk) -> Part:
    """[rows] the part that the files of a chunk are for."""
    return np.full(len(chunk.table), NAMES.index(chunk.name), np.int8)


def _columns_of_sequences(plan: RowsPlan) -> dict[str, dict[str, Span]]:
    """The list columns of each sequence that is read, with the places that ask for them."""
    found: dict[str, dict[str, Span]] = {}
    for feature in plan.features.values():
        if feature.sequence is not None and plan.is_listed(feature.sequence):
            columns = found.setdefault(feature.sequence, {})
            columns |= {name: feature.span for name in columns_of(feature, steps=True) if name in plan.needs}
    for label in plan.labels:
        if label.sequence is not None:
            found.setdefault(label.sequence, {})[label.column] = label.span
    return found


def _cut(table: Table) -> Iterator[tuple[int, Table]]:
    """Pieces of about `BYTES`, with the place of their first row."""
    rows = max(1, len(table) * BYTES // max(table.nbytes, 1))
    for start in range(0, max(len(table), 1), rows):
        yield start, table.slice(start, rows)


def _places(files: Files, file: int, start: int) -> Place:
    path = files.paths[file]
    first = start + (files.form.first_row if form_of(path) == "csv" else 1)
    return lambda i: f"`{path.name}`, row {first + i}"


def _place_of(place: Place, owner: Index) -> Place:
    return lambda i: place(int(owner[i]))
