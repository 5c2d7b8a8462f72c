"""CSV, JSON, Parquet and Arrow files → one Arrow table, with the place in the files of every row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from blockrec.data.arrow import Table
from blockrec.data.sources.csv import CsvForm, csv_columns, other_delimiter
from blockrec.data.sources.csv_pieces import csv_pieces
from blockrec.data.sources.forms import form_of
from blockrec.data.sources.jsonl import JsonError, json_pieces, json_schema
from blockrec.data.sources.paths import locate
from blockrec.data.sources.pieces import arrow_pieces, parquet_pieces
from blockrec.data.sources.words import Word, with_words
from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.values import List, Map

Wanted = Literal["any", "int", "float", "number", "time"]
"""`number`: an integer or a float, whatever the file holds; `time`: a number or a timestamp; `any`: text too."""


@dataclass(frozen=True)
class Need:
    """A column that is read: for what kind of value, and who asked (`at`), if it must be there."""

    kind: Wanted
    at: Span | None = None
    required: bool = False


def kinds_of(needs: Mapping[str, Need]) -> list[tuple[str, Wanted]]:
    """Names and kinds without places: plain values to compare."""
    return sorted((name, need.kind) for name, need in needs.items())


@dataclass(frozen=True)
class Files:
    """Files of one form that are read as one table. `at` is the place that names them.

    words: further columns, made from those of the files.
    """

    paths: tuple[Path, ...]
    form: CsvForm
    at: Span
    words: Mapping[str, Word] = field(default_factory=dict)

    @classmethod
    def named(cls, section: Map, key: str, root: Path | None, how: str, report: Diagnostics) -> Files | None:
        """The files that `section[key]` names, in the form of its `csv`; None after E501. root, how: see `locate`."""
        paths = locate(section, key, root, how, report)
        value = section[key]
        at = value.at[0] if isinstance(value, List) else section.at[key]
        return cls(paths, CsvForm.of(section.section("csv")), at) if paths else None

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is read from given files."""
        return [self.form, dict(self.words)]

    def columns(self, report: Diagnostics) -> list[str]:
        """Names of the columns that every file has, and the words made of them; E501 for a file that cannot be read."""
        found = [self._columns_of(path, report) for path in self.paths]
        own = [name for name in found[0] if all(name in names for names in found[1:])] if found else []
        return list(dict.fromkeys([*own, *(name for name, word in self.words.items() if word.column in own)]))

    def _columns_of(self, path: Path, report: Diagnostics) -> list[str]:
        try:
            match form_of(path):
                case "parquet":
                    return list(pq.read_schema(path).names)
                case "arrow":
                    return list(feather.read_table(path, memory_map=True).column_names)
                case "json":
                    return list(json_schema(path).names)
            return self._separated(path, csv_columns(path, self.form), report)
        except (pa.ArrowException, OSError, UnicodeError, LookupError, JsonError) as error:
            report.error("E501", f"`{path}` cannot be read: {_first_line(error)}", self.at)
            return []

    def _separated(self, path: Path, columns: list[str], report: Diagnostics) -> list[str]:
        """The columns, unless all of them were read as one."""
        mark = other_delimiter(columns)
        if not mark:
            return columns
        message = f"`{path}` has one column, {json.dumps(columns[0][:100], ensure_ascii=False)}"
        help = f"if that holds several: csv: {{delimiter: {json.dumps(mark)}}}; of `blockrec data`: --delimiter"
        report.error("E501", message, self.at, help=help)
        return []

    def read(self, needs: Mapping[str, Need], report: Diagnostics) -> tuple[Table, Origin] | None:
        """The columns `needs` of all files, one after another; None after E501 or E503."""
        read = [*self.pieces(needs, report)]
        counts = [sum(len(table) for i, table in read if i == place) for place in range(len(self.paths))]
        if len({i for i, _ in read}) < len(self.paths):
            return None
        try:
            table = pa.concat_tables([table for _, table in read], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            report.error("E503", disagreement(error), self.at)
            return None
        return table, self.origin(counts)

    def pieces(self, needs: Mapping[str, Need], report: Diagnostics) -> Iterator[tuple[int, Table]]:
        """What `read` gives, in pieces, each with the place of its file in `paths`: at least one a file.

        A file after E501 or E503 has none. Types are those of a file: columns of two may differ.
        """
        own = self._own(needs)
        for i, path in enumerate(self.paths):
            try:
                for table in self._pieces(path, own, report):
                    yield i, _plain(self._finished(table, needs))
            except (pa.ArrowException, OSError) as error:
                report.error("E501", f"`{path}` cannot be read: {_first_line(error)}", self.at)

    def origin(self, counts: Iterable[int]) -> Origin:
        """The files, with the number of rows in each."""
        first = self.form.first_row if form_of(self.paths[0]) == "csv" else 1
        return Origin(tuple(str(p) for p in self.paths), tuple(counts), first)

    def _own(self, needs: Mapping[str, Need]) -> dict[str, Need]:
        """The columns of the files that `needs` are made of."""
        whole = {self.words[name].column: Need("any") for name in needs if name in self.words}
        return {**whole, **{name: need for name, need in needs.items() if name not in self.words}}

    def _finished(self, table: Table, needs: Mapping[str, Need]) -> Table:
        words = {name: self.words[name] for name in needs if name in self.words}
        return with_words(table, words).select(list(needs))

    def _pieces(self, path: Path, needs: Mapping[str, Need], report: Diagnostics) -> Iterator[Table]:
        match form_of(path):
            case "parquet":
                return parquet_pieces(path, [*needs])
            case "arrow":
                return arrow_pieces(path, [*needs])
            case "json":
                return json_pieces(path, [*needs], self.at, report)
        return csv_pieces(path, self.form, {name: need.kind for name, need in needs.items()}, self.at, report)


@dataclass(frozen=True)
class Origin:
    """The files of a table, rows in each and the number of the first row (2 below a CSV header)."""

    files: tuple[str, ...]
    counts: tuple[int, ...]
    first: int

    def place(self, row: int) -> str:
        """Row `row` (0-based) of the whole table, in words."""
        for name, count in zip(self.files, self.counts, strict=True):
            if row < count:
                return f"`{Path(name).name}`, row {row + self.first}"
            row -= count
        return "the data"


def missing_columns(
    needs: Mapping[str, Need], known: list[str], where: str, report: Diagnostics, defaults: Mapping[str, str] = {}
) -> None:
    """E502 for each column that must be there and is not. defaults: column → the key that would name another."""
    for name, need in needs.items():
        if need.required and name not in known:
            listed = "its columns are " + ", ".join(f"`{column}`" for column in known)
            otherwise = f"say which one it is, `{defaults[name]}: COLUMN`; {listed}" if name in defaults else listed
            report.error("E502", f"{where} has no column `{name}`", need.at, help=did_you_mean(name, known, otherwise))


def disagreement(error: Exception) -> str:
    """Message about files that cannot be one table."""
    return f"the files do not agree on a column's type: {_first_line(error)}"


def _plain(table: Table) -> Table:
    """Columns of a few types only, so that those of two files compare: see `_plain_type`."""
    for i, kind in enumerate(table.schema.types):
        plain = _plain_type(kind)
        if plain != kind:
            table = table.set_column(i, table.column_names[i], table.column(i).cast(plain, safe=False))
    return table


def _plain_type(kind: Any) -> Any:
    """Times as microseconds since 1970 (UTC), text as strings, decimals as floats, in lists too; others as they are."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pa.timestamp("us")
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        return pa.float64()
    return kind


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
