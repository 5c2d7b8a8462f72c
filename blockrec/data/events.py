"""The event log: sorted by user and time once, mapped into memory afterwards; histories are slices of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data import arrow
from blockrec.data.arrow import Array, Column, Table, array_of, one_chunk
from blockrec.data.sources.joined import ROW, JoinedFiles
from blockrec.data.sources.tables import Need, Origin, kinds_of
from blockrec.data.vocabulary import codes_of
from blockrec.data.where import Condition
from blockrec.diagnostics import Diagnostics, Span

Index = NDArray[np.int64]


@dataclass(frozen=True)
class LogPlan:
    """What the log is made from: `needs` are the columns that are kept, `at` the places that name user and time."""

    source: JoinedFiles
    user: str
    time: str
    ties: Literal["file", "shuffled"]
    needs: dict[str, Need]
    where: Condition | None
    at: dict[str, Span] = field(repr=False)

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is built from given files."""
        return [self.source.key, self.user, self.time, self.ties, kinds_of(self.needs), self.where and self.where.text]

    def build(self, folder: Path, report: Diagnostics, progress: Callable[[str], None]) -> None:
        """Write the sorted log into `folder`; raises `BlockrecError` after errors."""
        progress("reading events")
        table, origin = self.source.read(self.needs, report)
        rows = len(table)
        if self.where is not None:
            table = table.filter(pa.array(self.where.mask(table, report)))
        check_keys(table, self.user, self.time, origin, self.at, report)
        report.raise_errors()
        progress(f"sorting {len(table):,} events")
        if self.ties == "shuffled":
            table = table.take(pa.array(np.random.default_rng(0).permutation(len(table))))
        users, table, starts = _sorted(table, self.user, self.time)
        arrow.write(folder / "events.arrow", _compact(table))
        arrow.write(folder / "users.arrow", pa.table({"user": users, "start": starts}))
        (folder / "log.json").write_text(json.dumps({"origin": asdict(origin), "rows": rows}), "utf-8")


def check_keys(table: Table, user: str, time: str, origin: Origin, at: Mapping[str, Span], report: Diagnostics) -> None:
    """E503 for the first row without user or time, and for times that are text."""
    for name in (user, time):
        column = one_chunk(table.column(name))
        if column.null_count:
            row = table.column(ROW)[pc.index(column.is_null(), True).as_py()].as_py()
            message = f"{origin.place(row)} has no `{name}` (one of {column.null_count:,} such rows)"
            report.error("E503", message, at[name], help=f"leave them out by `where: {name} != null`")
    kind = one_chunk(table.column(time)).type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_timestamp(kind) or not len(table)):
        message = f"column `{time}` is {kind}, neither a number nor a timestamp"
        report.error("E503", message, at[time])


def _sorted(table: Table, user: str, time: str) -> tuple[Column, Table, Index]:
    """Unique users, the table ordered by user, then time, then place in the files, and each user's first row."""
    users, codes = codes_of(table.column(user))
    order = np.lexsort((times_of(table.column(time)), codes))
    starts = np.searchsorted(codes[order], np.arange(len(users)))
    return users, table.take(pa.array(order)), starts


def _compact(table: Table) -> Table:
    """Text as numbers into a dictionary."""
    for i, kind in enumerate(table.schema.types):
        if pa.types.is_string(kind):
            table = table.set_column(i, table.column_names[i], one_chunk(table.column(i)).dictionary_encode())
    return table


def times_of(column: Column) -> Array:
    """[n] int64 or float64; a timestamp in microseconds."""
    single = one_chunk(column)
    if pa.types.is_timestamp(single.type) or pa.types.is_null(single.type):
        single = single.cast(pa.int64())
    return array_of(single)


@dataclass(frozen=True)
class Log:
    """The sorted log. Event i belongs to user `owner[i]`; user u owns the events `starts[u]:starts[u + 1]`."""

    table: Table
    users: Column
    starts: Index
    time: Array
    origin: Origin
    rows_read: int

    @classmethod
    def open(cls, folder: Path, time: str) -> Log:
        """Map the files that `LogPlan.build` wrote."""
        table, users = arrow.read(folder / "events.arrow"), arrow.read(folder / "users.arrow")
        notes = json.loads((folder / "log.json").read_text("utf-8"))
        origin = Origin(tuple(notes["origin"]["files"]), tuple(notes["origin"]["counts"]), notes["origin"]["first"])
        starts = np.append(array_of(users.column("start")), len(table)).astype(np.int64)
        times = times_of(table.column(time))
        return cls(table, one_chunk(users.column("user")), starts, times, origin, notes["rows"])

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def owner(self) -> Index:
        """[events] the user of each event."""
        return np.repeat(np.arange(len(self.users)), np.diff(self.starts))

    def user_codes(self, users: Column) -> Index:
        """[n] the place of each user in `users`; −1 for one without events."""
        found = pc.fill_null(pc.index_in(one_chunk(users), self.users), -1)
        return array_of(found).astype(np.int64)

    def before(self, users: Index, times: Array) -> Index:
        """[n] the end of each history: events of the user strictly before the time are `starts[user]:end`.

        Queries and events are sorted together, queries first where user and time are equal; the events that
        then stand before a query are those of earlier users and the earlier ones of its own.
        """
        known = np.flatnonzero(users >= 0)
        end = np.zeros(len(users), np.int64)
        kind = np.concatenate([np.ones(len(self), np.int8), np.zeros(len(known), np.int8)])
        time = np.concatenate([self.time, times[known]])
        order = np.lexsort((kind, time, np.concatenate([self.owner, users[known]])))
        seen = np.cumsum(kind[order], dtype=np.int64)
        queries = order >= len(self)
        end[known[order[queries] - len(self)]] = seen[queries]
        return end

    def first(self, users: Index) -> Index:
        """[n] where each user's events start; 0 for a user without events."""
        return np.where(users >= 0, self.starts[users], 0)
