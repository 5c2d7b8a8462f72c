"""Attributes of items and of users, joined by key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Column, Table, array_of, one_chunk
from blockrec.data.sources.tables import Files, Need, missing_columns
from blockrec.diagnostics import Diagnostics, Span


@dataclass(frozen=True)
class KeyedTable:
    """A file with one row a key. `flags`: new column → flag columns whose first non-zero one is its value.

    of: what the keys are, `items` or `users`.
    """

    of: str
    files: Files
    key: str
    key_at: Span
    flags: dict[str, tuple[str, ...]]
    flags_at: Span

    @property
    def key_values(self) -> list[object]:
        """Plain values that decide what is read from given files."""
        return [self.files.key, self.key, self.flags]

    def columns(self, report: Diagnostics) -> list[str]:
        """Columns that a join can add; E502 if the key or a flag is not there."""
        known = self.files.columns(report)
        if known:
            missing_columns({self.key: Need("any", self.key_at, True)}, known, f"the {self.of} table", report)
            flags = {name: Need("int", self.flags_at, True) for names in self.flags.values() for name in names}
            missing_columns(flags, known, f"the {self.of} table", report)
        return [name for name in [*known, *self.flags] if name != self.key]

    def read(self, needs: dict[str, Need], report: Diagnostics) -> Table | None:
        """The key and the columns `needs`, one row a key (the first, where a key occurs twice)."""
        plain = {name: need for name, need in needs.items() if name not in self.flags}
        flags = {flag: Need("int") for name in needs for flag in self.flags.get(name, ())}
        found = self.files.read({self.key: Need("any"), **plain, **flags}, report)
        if found is None:
            return None
        table, _ = found
        for name in needs:
            if name in self.flags:
                table = table.append_column(name, first_flag([table.column(f) for f in self.flags[name]]))
        return table.select([self.key, *needs])


def first_flag(flags: list[Column]) -> Column:
    """[rows] index of the first column that is not 0; null where all are."""
    table = np.stack([array_of(pc.fill_null(column, 0)) != 0 for column in flags], axis=1)
    return pa.array(table.argmax(1), mask=~table.any(1))


def join(table: Table, key: str, known: Table, of: KeyedTable, report: Diagnostics) -> Table | None:
    """`table` with the other columns of `known`, whose first column is the key; nulls where a key is unknown."""
    name, *attributes = known.column_names
    keys, wanted = one_chunk(known.column(name)), one_chunk(table.column(key))
    if keys.type != wanted.type and pa.types.is_string(keys.type) != pa.types.is_string(wanted.type):
        message = f"column `{key}` is {wanted.type} in the data and `{name}` is {keys.type} in the {of.of} table"
        report.error("E503", message, of.key_at)
        return None
    rows = pc.index_in(wanted, keys.cast(wanted.type))
    for attribute in attributes:
        column = one_chunk(known.column(attribute)).take(rows)
        here = table.schema.get_field_index(attribute)
        table = table.append_column(attribute, column) if here < 0 else table.set_column(here, attribute, column)
    return table
