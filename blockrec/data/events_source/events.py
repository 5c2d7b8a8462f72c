"""The event log: sorted by user and time once, mapped into memory afterwards; histories are slices of it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data.arrow import Array, Column, Table, ordered, places
from blockrec.data.events_source.core import Least, core
from blockrec.data.events_source.keys import KeyCheck
from blockrec.data.events_source.logfile import read_log, write_log
from blockrec.data.events_source.spool import PLACE, Merge, Pieces, Spool, times_of
from blockrec.data.frame import Frame, Stored, index_type, spans
from blockrec.data.sources.joined import JoinedFiles
from blockrec.data.sources.tables import Need, Origin, disagreement, kinds_of
from blockrec.data.where import Condition
from blockrec.diagnostics import Diagnostics, Span

Index = NDArray[np.int64]
MANY = 10_000_000
"""Events after which the user hears how far the work is."""


@dataclass(frozen=True)
class LogPlan:
    """What the log is made from: `needs` are the columns that are kept, `at` the places that name user and time."""

    source: JoinedFiles
    user: str
    time: str
    ties: Literal["file", "shuffled", "ordered"]
    needs: dict[str, Need]
    where: Condition | None
    at: dict[str, Span] = field(repr=False)
    least: Least | None = None

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is built from given files."""
        least = [self.least] if self.least is not None else []
        where = self.where and self.where.text
        return [self.source.key, self.user, self.time, self.ties, kinds_of(self.needs), where, *least]

    def build(self, folder: Path, report: Diagnostics, progress: Callable[[str], None]) -> None:
        """Write the sorted log into `folder`; raises `BlockrecError` after errors.

        A log larger than memory is read, and then sorted, a part at a time; what is in memory at once is a part, one
        column of the log, and the places of its users.
        """
        scratch = folder / "pieces"
        scratch.mkdir()
        spool = Spool(scratch, self.user)
        counts = self._read(spool, report, progress)
        progress(f"sorting {spool.rows:,} events")
        try:
            pieces = spool.closed()
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            report.error("E503", disagreement(error), self.source.files.at)
        report.raise_errors()
        self._write(pieces, spool.rows, folder, progress)
        shutil.rmtree(scratch)
        origin = self.source.files.origin(counts)
        notes = {"origin": asdict(origin), "read": sum(counts), "fulfil": spool.rows}
        (folder / "log.json").write_text(json.dumps(notes), "utf-8")

    def _read(self, spool: Spool, report: Diagnostics, progress: Callable[[str], None]) -> list[int]:
        """Fill the spool; the number of rows of each file."""
        progress("reading events")
        keys = KeyCheck(self.user, self.time, self.at)
        counts = Counter(dict.fromkeys(range(len(self.source.files.paths)), 0))
        for file, piece in self.source.pieces(self.needs, report):
            counts[file] += len(piece)
            table = piece
            if self.where is not None:
                table = table.filter(pa.array(self.where.mask(table, report)))
            keys.look_at(table)
            if report.failed:
                break
            if keys.good:
                spool.add(table)
            if counts.total() // MANY > (counts.total() - len(piece)) // MANY:
                progress(f"read {counts.total():,} events")
        keys.finish(self.source.files.origin(counts.values()), report)
        report.raise_errors()
        return [*counts.values()]

    def _write(self, pieces: Pieces, rows: int, folder: Path, progress: Callable[[str], None]) -> None:
        owners = pieces.codes(self.user, pieces.users)
        alive = core(owners, self._items(pieces), self.least) if self.least is not None else None
        merge = Merge(pieces, self.time, owners, alive, _shuffled(rows) if self.ties == "shuffled" else None)
        counts = merge.counts
        present = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[present]
        schema = pieces.schema.remove(pieces.schema.get_field_index(PLACE))
        users, ranges = pieces.users.take(pa.array(present)), _told(merge.ranges(counts), progress)
        write_log(folder, ranges, schema, users, starts, self.user)

    def _items(self, pieces: Pieces) -> Any:
        """Codes of the items, if they must have events."""
        assert self.least is not None
        if self.least.item == 1:
            return None
        item, seen = self.source.item, pa.array([], pieces.schema.field(self.source.item).type)
        for column in pieces.column(item):
            seen = pa.concat_arrays([seen, column.drop_null().unique()]).unique()
        return pieces.codes(item, ordered(seen))


def _told(ranges: Iterator[Table], progress: Callable[[str], None]) -> Iterator[Table]:
    """The same; now and then the user hears how far they are."""
    done = 0
    for table in ranges:
        yield table
        if (done + len(table)) // MANY > done // MANY:
            progress(f"sorted {done + len(table):,} events")
        done += len(table)


def _shuffled(rows: int) -> Array:
    """[rows] a place for each event, all in another order."""
    order = np.random.default_rng(0).permutation(np.arange(rows, dtype=index_type(rows)))
    rank = np.empty_like(order)
    rank[order] = np.arange(rows, dtype=order.dtype)
    return rank


@dataclass(frozen=True)
class Log:
    """The sorted log. Event i belongs to user `owner[i]`; user u owns the events `starts[u]:starts[u + 1]`.

    time: [events] as narrow as the file has it. rows_read: before any condition; rows_fulfilling: after `where`.
    """

    frame: Frame
    users: Column
    starts: Index
    time: Array
    origin: Origin
    rows_read: int
    rows_fulfilling: int

    @classmethod
    def open(cls, folder: Path, time: str) -> Log:
        """Map the files that `LogPlan.build` wrote."""
        frame, users, starts = read_log(folder)
        notes = json.loads((folder / "log.json").read_text("utf-8"))
        origin = Origin(tuple(notes["origin"]["files"]), tuple(notes["origin"]["counts"]), notes["origin"]["first"])
        column = frame.columns[time]
        assert isinstance(column, Stored)
        return cls(frame, users, starts, times_of(column.raw), origin, notes["read"], notes["fulfil"])

    def __len__(self) -> int:
        return self.frame.rows

    @cached_property
    def owner(self) -> NDArray[np.int32]:
        """[events] the user of each event."""
        return np.repeat(np.arange(len(self.users), dtype=np.int32), np.diff(self.starts))

    @cached_property
    def earlier(self) -> Array:
        """[events] the end of the history of each event: the first one of the same user and moment."""
        found = np.empty(len(self), index_type(len(self)))
        last = 0
        for start, stop in spans(len(self)):
            before = max(start - 1, 0)
            time, owner = self.time[before:stop], self.owner[before:stop]
            new = np.flatnonzero((time[1:] != time[:-1]) | (owner[1:] != owner[:-1])) + before + 1
            first = np.zeros(stop - start, found.dtype)
            first[new - start] = new
            first[:1] = max(first[:1].max(initial=0), last)
            found[start:stop] = np.maximum.accumulate(first)
            last = found[stop - 1] if stop > start else 0
        return found

    def user_codes(self, users: Column) -> Index:
        """[n] the place of each user in `users`; −1 for one without events."""
        return places(users, self.users).astype(np.int64)

    def before(self, users: Array, times: Array) -> Index:
        """[n] the end of each history: events of the user strictly before the time are `starts[user]:end`.

        A binary search among the events of the user, for all samples at a time.
        """
        end = np.zeros(len(users), np.int64)
        for start, stop in spans(len(users)):
            known = start + np.flatnonzero(users[start:stop] >= 0)
            end[known] = self._search(users[known], times[known])
        return end

    def _search(self, users: Array, times: Array) -> Index:
        low, high = self.starts[users], self.starts[users + 1]
        while (searched := np.flatnonzero(low < high)).size:
            middle = (low[searched] + high[searched]) // 2
            earlier = self.time[middle] < times[searched]
            low[searched] = np.where(earlier, middle + 1, low[searched])
            high[searched] = np.where(earlier, high[searched], middle)
        return low

    def first(self, users: Array) -> Index:
        """[n] where each user's events start; 0 for a user without events."""
        return np.where(users >= 0, self.starts[users], 0)
