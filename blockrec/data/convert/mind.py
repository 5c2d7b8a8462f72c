"""MIND (Wu et al., ACL 2020): impressions of news, each with a list of shown news and the clicks before it.

behaviors.tsv: impression, user, time (11/13/2019 8:36:57 AM), history (`N1 N2 …`), shown (`N3-1 N4-0 …`, 1: clicked).
news.tsv: news, category, subcategory, title, abstract and more. Neither has a header or quotes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from blockrec.data.arrow import Array, Column, Table, array_of, one_chunk
from blockrec.diagnostics import Span, fail

BEHAVIORS = ("impression", "user", "time", "history", "shown")
NEWS = ("item", "category", "subcategory", "title", "abstract", "url", "title_entities", "abstract_entities")
CLOCK = "%m/%d/%Y %I:%M:%S %p"


@dataclass(frozen=True)
class Mind:
    """Files in the order of their time."""

    behaviors: tuple[Path, ...]
    news: tuple[Path, ...]
    at: Span = field(repr=False)
    VERSION: ClassVar[int] = 1

    def write(self, folder: Path) -> None:
        """Write impressions.parquet (user, time, item, click), events.parquet (user, time, item) and news.parquet.

        A history has no times: it is written right before the first impression that has it, a microsecond between
        two steps, so that the last steps before an impression are the history that was published with it.
        """
        histories = Histories()
        with pq.ParquetWriter(folder / "impressions.parquet", SHOWN, compression="zstd") as out:
            for path in self.behaviors:
                rows = [self._shown(path, table, out) for table in _pieces(path, BEHAVIORS, BEHAVIORS[1:])]
                histories.add(pa.concat_tables(rows))
        pq.write_table(histories.table(), folder / "events.parquet", compression="zstd")
        news = pa.concat_tables([table for path in self.news for table in _pieces(path, NEWS, NEWS[:3])])
        pq.write_table(news, folder / "news.parquet")

    def _shown(self, path: Path, table: Table, out: pq.ParquetWriter) -> Table:
        """Write one row for each news that was shown; user, time and history of each impression."""
        try:
            time = pc.strptime(table.column("time"), CLOCK, "us")
        except pa.ArrowInvalid as error:
            raise fail("E503", f"`{path}` has a time that is not of the form {CLOCK}: {error}", self.at) from error
        shown = one_chunk(pc.split_pattern(pc.utf8_trim_whitespace(table.column("shown")), " "))
        parts = pc.extract_regex(shown.flatten(), r"^(?P<item>.+)-(?P<click>[01])$")
        if parts.null_count:
            wrong = shown.flatten()[pc.index(parts.is_null(), True).as_py()]
            help = "a test file without clicks cannot be used"
            raise fail("E503", f"`{path}` shows `{wrong}`, not a news with -0 or -1", self.at, help=help)
        owner = np.repeat(np.arange(len(table)), array_of(pc.list_value_length(shown)))
        item, click = pc.struct_field(parts, "item"), pc.struct_field(parts, "click").cast(pa.int8())
        users, times = (one_chunk(column).take(pa.array(owner)) for column in (table.column("user"), time))
        out.write_table(pa.table([users, times, item, click], schema=SHOWN))
        history = one_chunk(pc.fill_null(table.column("history"), "")).dictionary_encode()
        return pa.table({"user": table.column("user"), "time": time, "history": history})


SHOWN = pa.schema([("user", pa.string()), ("time", pa.timestamp("us")), ("item", pa.string()), ("click", pa.int8())])


@dataclass
class Histories:
    """The events that histories stand for. `known`: user → the last history."""

    known: dict[str, list[str]] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    times: list[Array] = field(default_factory=list)
    items: list[str] = field(default_factory=list)

    def add(self, rows: Table) -> None:
        """Impressions (user, time, history) that are later than those before."""
        table = rows.unify_dictionaries().combine_chunks().sort_by([("user", "ascending"), ("time", "ascending")])
        users, history = (table.column(name).combine_chunks() for name in ("user", "history"))
        times = array_of(one_chunk(table.column("time")).cast(pa.int64()))
        for row in np.flatnonzero(_changes(users.dictionary_encode()) | _changes(history)):
            self._append(users[row].as_py(), int(times[row]), history[row].as_py().split())

    def _append(self, user: str, time: int, history: list[str]) -> None:
        """What a history adds to the last one of the user; all of it if it does not go on from there."""
        before = self.known.get(user, [])
        added = history[len(before) :] if history[: len(before)] == before else history
        self.known[user] = history
        self.users += [user] * len(added)
        self.times.append(np.arange(time - len(added), time))
        self.items += added

    def table(self) -> Table:
        """user, time, item."""
        times = np.concatenate([np.zeros(0, np.int64), *self.times])
        columns = {"user": pa.array(self.users, pa.string()), "time": pa.array(times).cast(pa.timestamp("us"))}
        return pa.table({**columns, "item": pa.array(self.items, pa.string())})


def _changes(column: Column) -> Array:
    """[n] where a column of a dictionary has another value than in the row before."""
    codes = array_of(column.indices)
    return np.concatenate([np.ones(min(1, len(codes)), bool), codes[1:] != codes[:-1]])


def _pieces(path: Path, names: tuple[str, ...], wanted: tuple[str, ...]) -> Iterator[Table]:
    """The columns `wanted` of a file, as texts."""
    read = pacsv.ReadOptions(column_names=list(names), block_size=1 << 24)
    parse = pacsv.ParseOptions(delimiter="\t", quote_char=False)
    kinds = dict.fromkeys(names, pa.string())
    convert = pacsv.ConvertOptions(column_types=kinds, include_columns=list(wanted))
    with pacsv.open_csv(path, read, parse, convert) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])
