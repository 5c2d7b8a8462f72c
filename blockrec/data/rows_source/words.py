"""The different values of a stream of columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Column, one_chunk


@dataclass
class Words:
    """found: by Arrow type, the values of each piece; they are brought together when they have doubled."""

    found: dict[Any, list[Column]] = field(default_factory=dict)
    together: dict[Any, int] = field(default_factory=dict)

    def add(self, column: Column) -> None:
        """Further values; nulls do not count."""
        values = one_chunk(pc.unique(pc.drop_null(one_chunk(column))))
        if not len(values):
            return
        kind = values.type
        pieces = self.found.setdefault(kind, [])
        pieces.append(values)
        if sum(map(len, pieces)) > 2 * self.together.get(kind, 0) + 1024:
            pieces[:] = [pa.concat_arrays(pieces).unique()]
            self.together[kind] = len(pieces[0])

    @property
    def size(self) -> int:
        """How many values are kept: at least the different ones."""
        return sum(len(column) for pieces in self.found.values() for column in pieces)

    def columns(self, *, may_mix: bool) -> list[Column]:
        """One column for each type, of different values; all as texts if some are and types `may_mix`."""
        found = [pa.concat_arrays(pieces).unique() for pieces in self.found.values()]
        if may_mix and any(pa.types.is_string(column.type) for column in found):
            found = [column.cast(pa.string()) for column in found]
        return found or [pa.nulls(0)]
