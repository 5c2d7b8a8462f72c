"""Every row has a user and a time, and times are times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Table, one_chunk
from blockrec.data.sources.joined import ROW
from blockrec.data.sources.tables import Origin
from blockrec.diagnostics import Diagnostics, Span


@dataclass
class KeyCheck:
    """Looks at a table piece by piece. at: what to mark, by name of a column."""

    user: str
    time: str
    at: Mapping[str, Span]
    missing: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)
    wrong: Any = None

    def look_at(self, table: Table) -> None:
        """Note rows without user or time, and times that are text."""
        for name in (self.user, self.time):
            column = one_chunk(table.column(name))
            if column.null_count:
                self.missing[name] += column.null_count
                self.rows.setdefault(name, table.column(ROW)[pc.index(column.is_null(), True).as_py()].as_py())
        kind = one_chunk(table.column(self.time)).type
        if len(table) and not (_is_number(kind) or pa.types.is_timestamp(kind)):
            self.wrong = kind

    @property
    def good(self) -> bool:
        """Whether nothing was wrong so far."""
        return not self.missing and self.wrong is None

    def finish(self, origin: Origin, report: Diagnostics) -> None:
        """E503 for the first row without user or time, and for times that are neither numbers nor timestamps."""
        for name, row in self.rows.items():
            message = f"{origin.place(row)} has no `{name}` (one of {self.missing[name]:,} such rows)"
            report.error("E503", message, self.at[name], help=f"leave them out by `where: {name} != null`")
        if self.wrong is not None:
            message = f"column `{self.time}` is {self.wrong}, neither a number nor a timestamp"
            report.error("E503", message, self.at[self.time])


def check_keys(table: Table, user: str, time: str, origin: Origin, at: Mapping[str, Span], report: Diagnostics) -> None:
    """What `KeyCheck` says of a whole table."""
    check = KeyCheck(user, time, at)
    check.look_at(table)
    check.finish(origin, report)


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
