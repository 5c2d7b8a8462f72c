"""Files of events or samples together with the attributes of their items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Table
from blockrec.data.sources.items import ItemTable, join
from blockrec.data.sources.tables import Files, Need, Origin
from blockrec.diagnostics import Diagnostics

ROW = "row of the file"
"""Column with the place in the files that a row came from; no file of users has such a column."""


@dataclass(frozen=True)
class JoinedFiles:
    """One table: the columns `own` of the files (some `renamed`: name in the file → name here) and those of `items`."""

    files: Files
    own: tuple[str, ...]
    item: str
    items: ItemTable | None = None
    attributes: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """All columns that can be read."""
        return list(dict.fromkeys([*self.own, *self.attributes]))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file whose content matters."""
        return (*self.files.paths, *(self.items.files.paths if self.items else ()))

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is read from given files."""
        return [self.files.key, self.item, self.items and self.items.key_values, dict(self.renamed)]

    def parts(self, needs: Mapping[str, Need]) -> tuple[dict[str, Need], dict[str, Need]]:
        """The needs that the files meet, under their names here, and those that the items table meets."""
        joined = {name: need for name, need in needs.items() if name in self.attributes}
        own = {name: need for name, need in needs.items() if name not in joined}
        if joined:
            own.setdefault(self.item, Need("any"))
        return own, joined

    def read(self, needs: Mapping[str, Need], report: Diagnostics) -> tuple[Table, Origin]:
        """The columns `needs` and `ROW`; raises `BlockrecError` after errors."""
        own, joined = self.parts(needs)
        read = self.files.read(self._named(own), report)
        items = self._items(joined, report)
        assert read is not None
        table, origin = read
        return self._finished(table, own, items, 0, report), origin

    def pieces(self, needs: Mapping[str, Need], report: Diagnostics) -> Iterator[tuple[int, Table]]:
        """What `read` gives, in pieces, each with the place of its file; raises `BlockrecError` after errors.

        Types are those of a file: columns of two may differ.
        """
        own, joined = self.parts(needs)
        items = self._items(joined, report)
        row = 0
        for file, table in self.files.pieces(self._named(own), report):
            yield file, self._finished(table, own, items, row, report)
            row += len(table)
        report.raise_errors()

    def _named(self, own: Mapping[str, Need]) -> dict[str, Need]:
        """Under the names in the files."""
        names = {here: there for there, here in self.renamed.items()}
        return {names.get(name, name): need for name, need in own.items()}

    def _items(self, joined: dict[str, Need], report: Diagnostics) -> Table | None:
        found = self.items.read(joined, report) if self.items is not None and joined else None
        report.raise_errors()
        return found

    def _finished(
        self, table: Table, own: Mapping[str, Need], items: Table | None, row: int, report: Diagnostics
    ) -> Table:
        table = table.rename_columns(list(own)).append_column(ROW, pa.array(np.arange(row, row + len(table))))
        if items is not None:
            assert self.items is not None
            table = join(table, self.item, items, self.items.key_at, report)
        report.raise_errors()
        return table
