"""Files of events or samples together with the attributes of their items."""

from __future__ import annotations

from collections.abc import Mapping
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
        names = {here: there for there, here in self.renamed.items()}
        read = self.files.read({names.get(name, name): need for name, need in own.items()}, report)
        report.raise_errors()
        assert read is not None
        table, origin = read
        table = table.rename_columns(list(own)).append_column(ROW, pa.array(np.arange(len(table))))
        if joined:
            assert self.items is not None
            items = self.items.read(joined, report)
            table = join(table, self.item, items, self.items.key_at, report) if items is not None else None
        report.raise_errors()
        return table, origin
