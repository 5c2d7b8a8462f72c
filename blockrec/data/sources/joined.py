"""Files of events or samples together with the attributes of their items and users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Table
from blockrec.data.sources.keyed import KeyedTable, join
from blockrec.data.sources.tables import Files, Need, Origin
from blockrec.diagnostics import Diagnostics

ROW = "row of the file"
"""Column with the place in the files that a row came from; no file of users has such a column."""


@dataclass(frozen=True)
class Join:
    """The columns `attributes` of a table, by the key that stands in the column `key` of the files."""

    key: str
    table: KeyedTable
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class JoinedFiles:
    """One table: the columns `own` of the files (some `renamed`: name in the file → name here) and those of `joins`.

    An attribute takes the place of a column of that name; of two attributes the first join's counts.
    """

    files: Files
    own: tuple[str, ...]
    item: str
    joins: tuple[Join, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """All columns that can be read."""
        return list(dict.fromkeys([*self.own, *(name for of in self.joins for name in of.attributes)]))

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file whose content matters."""
        return (*self.files.paths, *(path for of in self.joins for path in of.table.files.paths))

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is read from given files."""
        tables = [[of.key, *of.table.key_values] for of in self.joins]
        return [self.files.key, self.item, tables, dict(self.renamed)]

    def parts(self, needs: Mapping[str, Need]) -> tuple[dict[str, Need], list[dict[str, Need]]]:
        """The needs that the files meet, under their names here, and those that each join meets."""
        own = dict(needs)
        joined = [{name: own.pop(name) for name in [*own] if name in of.attributes} for of in self.joins]
        keys = [of.key for of, met in zip(self.joins, joined, strict=True) if met]
        return {**dict.fromkeys(keys, Need("any")), **own}, joined

    def read(self, needs: Mapping[str, Need], report: Diagnostics) -> tuple[Table, Origin]:
        """The columns `needs` and `ROW`; raises `BlockrecError` after errors."""
        own, joined = self.parts(needs)
        read = self.files.read(self._named(own), report)
        known = self._known(joined, report)
        assert read is not None
        table, origin = read
        return self._finished(table, own, known, 0, report), origin

    def pieces(self, needs: Mapping[str, Need], report: Diagnostics) -> Iterator[tuple[int, Table]]:
        """What `read` gives, in pieces, each with the place of its file; raises `BlockrecError` after errors.

        Types are those of a file: columns of two may differ.
        """
        own, joined = self.parts(needs)
        known = self._known(joined, report)
        row = 0
        for file, table in self.files.pieces(self._named(own), report):
            yield file, self._finished(table, own, known, row, report)
            row += len(table)
        report.raise_errors()

    def _named(self, own: Mapping[str, Need]) -> dict[str, Need]:
        """Under the names in the files."""
        names = {here: there for there, here in self.renamed.items()}
        return {names.get(name, name): need for name, need in own.items()}

    def _known(self, joined: list[dict[str, Need]], report: Diagnostics) -> list[tuple[Join, Table]]:
        """The tables that anything is needed of."""
        found = [(of, of.table.read(needs, report)) for of, needs in zip(self.joins, joined, strict=True) if needs]
        report.raise_errors()
        return [(of, table) for of, table in found if table is not None]

    def _finished(
        self, table: Table, own: Mapping[str, Need], known: list[tuple[Join, Table]], row: int, report: Diagnostics
    ) -> Table:
        table = table.rename_columns(list(own)).append_column(ROW, pa.array(np.arange(row, row + len(table))))
        for of, attributes in known:
            table = join(table, of.key, attributes, of.table, report)
            report.raise_errors()
        report.raise_errors()
        return table
