"""CSV files through pyarrow; an unreadable row is a diagnostic with its number and value."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from blockrec.data.arrow import Table
from blockrec.data.settings import setting
from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.schema.files import CSV
from blockrec.language.values import Map

UNIT = "\x1f"
"""The unit separator of ASCII, which stands for a delimiter of several characters."""
TYPES = {"int": pa.int64(), "float": pa.float64()}
_WORDS = {"int64": "an integer", "double": "a number", "string": "text in this encoding"}
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_TEXT = {
    "number": ("a number", _NUMBER),
    "time": ("a number or a timestamp such as 2024-05-31 23:59:00", _NUMBER + r"|^\d{4}-\d\d-\d\d"),
}
_HELP = "correct that row, or see whether `csv:` describes the file"
_IDS = "correct that row; a feature of texts is `vocab: auto` or `hash: N`"
BAD_VALUE = re.compile(
    r"In CSV column #(\d+): Row #(\d+): CSV conversion error to ([^:]+): (?:invalid value '(.*)')?", re.DOTALL
)
_BAD_ROW = re.compile(r"CSV parse error: Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class CsvForm:
    """How the files are written; `columns` is empty if their first line names the columns.

    lists: what stands between the values of a list; None if there are none.
    text: columns that are text whatever they look like.
    """

    delimiter: str
    columns: tuple[str, ...]
    encoding: str
    quoted: bool = True
    lists: str | None = None
    text: tuple[str, ...] = ()

    @classmethod
    def of(cls, section: Map) -> CsvForm:
        """From a section `csv:`."""
        columns = tuple(setting(section, "columns", schema=CSV) or ())
        delimiter, encoding, quoted = (setting(section, key, schema=CSV) for key in ("delimiter", "encoding", "quoted"))
        text = tuple(setting(section, "text", schema=CSV) or ())
        return cls(delimiter, columns, encoding, quoted, setting(section, "lists", schema=CSV), text)

    def types(self, kinds: Mapping[str, str]) -> dict[str, pa.DataType]:
        """The types of columns that are not left to their values: as they are wanted (`kinds`), or text."""
        text = {name: pa.string() for name in self.text if kinds.get(name) == "any"}
        return {**text, **{name: TYPES[kind] for name, kind in kinds.items() if kind in TYPES}}

    @property
    def first_row(self) -> int:
        """Number of the line that holds the first row."""
        return 1 if self.columns else 2

    def read_options(self, threads: bool) -> pacsv.ReadOptions:
        names = list(self.columns) or None
        return pacsv.ReadOptions(column_names=names, encoding=self.encoding, use_threads=threads)

    @property
    def parse_options(self) -> pacsv.ParseOptions:
        return pacsv.ParseOptions(delimiter=self.character, quote_char='"' if self.quoted else False)

    @property
    def character(self) -> str:
        """What stands between two values in `stream`."""
        return self.delimiter if len(self.delimiter) == 1 else UNIT

    def stream(self, path: Path) -> pa.NativeFile:
        """The bytes of a file, unpacked, with a delimiter of several characters replaced by a single one."""
        stream = pa.input_stream(path)
        if len(self.delimiter) == 1:
            return stream
        return pa.TransformInputStream(stream, Replacement(self.delimiter.encode(self.encoding), UNIT.encode()))


@dataclass
class Replacement:
    """Replaces bytes in a stream that comes in pieces; an empty piece is the last."""

    old: bytes
    new: bytes
    kept: bytes = b""

    def __call__(self, piece: pa.Buffer) -> bytes:
        """The piece with what was kept of the one before, without the end, which may be a part of `old`."""
        *done, rest = (self.kept + piece.to_pybytes()).split(self.old)
        end = max(0, len(rest) - len(self.old) + 1) if piece.size else len(rest)
        self.kept = rest[end:]
        return self.new.join([*done, rest[:end]])


def csv_columns(path: Path, form: CsvForm) -> list[str]:
    """Names of the columns."""
    if form.columns:
        return list(form.columns)
    # Not by pyarrow, whose reader works ahead in a thread that an exit right after a mistake would break off.
    with form.stream(path) as stream, io.TextIOWrapper(stream, form.encoding, newline="") as text:
        try:
            names = next(_rows(text, form), None)
        except csv.Error as error:
            raise pa.ArrowInvalid(str(error)) from error
    if names is None:
        raise pa.ArrowInvalid("Empty CSV file")
    return [names[0].removeprefix("\ufeff"), *names[1:]] if names else []


def _rows(text: io.TextIOBase, form: CsvForm) -> Iterator[list[str]]:
    if form.quoted:
        return csv.reader(text, delimiter=form.character)
    return csv.reader(text, delimiter=form.character, quoting=csv.QUOTE_NONE)


def other_delimiter(columns: list[str]) -> str:
    """The character that seems to separate the names of a single column; empty if none does."""
    return next((mark for mark in ";\t|," if len(columns) == 1 and mark in columns[0]), "")


def read_csv(path: Path, form: CsvForm, kinds: Mapping[str, str], at: Span, report: Diagnostics) -> Table | None:
    """The columns `kinds` (name → a `Wanted` of `tables`); None after E501 or E503."""
    types = form.types(kinds)
    convert = pacsv.ConvertOptions(include_columns=list(kinds), column_types=types, strings_can_be_null=True)
    parse = form.parse_options
    try:
        table = pacsv.read_csv(form.stream(path), form.read_options(threads=True), parse, convert)
    except (pa.ArrowInvalid, UnicodeError, LookupError):
        # Only a reader with one thread knows the number of the row.
        try:
            table = pacsv.read_csv(form.stream(path), form.read_options(threads=False), parse, convert)
        except (pa.ArrowInvalid, UnicodeError, LookupError) as error:
            _report(error, path, csv_columns(path, form), at, report)
            return None
    right = is_text(table, path, form, at, report) and are_numbers(table, path, form, kinds, at, report)
    return table if right else None


def _report(error: Exception, path: Path, columns: list[str], at: Span, report: Diagnostics) -> None:
    text, help = str(error), _HELP
    if found := BAD_VALUE.match(text):
        column, row, kind, value = found.groups()
        shown = f"`{value}`" if value is not None else "a value"
        message = f"`{path}` row {row}, column `{columns[int(column)]}`: {shown} is not {_WORDS.get(kind, kind)}"
        help = _IDS if kind == "int64" else _HELP
    elif found := _BAD_ROW.match(text):
        row, expected, got, value = found.groups()
        message = f"`{path}` row {row} has {got} values instead of {expected}: `{value[:80]}`"
    else:
        report.error("E501", f"`{path}` cannot be read: {text.splitlines()[0] if text else error}", at)
        return
    report.error("E503", message, at, help=help)


def is_text(table: Table, path: Path, form: CsvForm, at: Span, report: Diagnostics) -> bool:
    """pyarrow takes text that is not in the encoding for bytes."""
    for name, kind in zip(table.column_names, table.schema.types, strict=True):
        if pa.types.is_binary(kind):
            message = f"`{path}`, column `{name}` holds text that is not {form.encoding}"
            report.error("E503", message, at, help="say which encoding it has, e.g. csv: {encoding: latin-1}")
            return False
    return True


def are_numbers(
    table: Table, path: Path, form: CsvForm, kinds: Mapping[str, str], at: Span, report: Diagnostics
) -> bool:
    """Where pyarrow took numbers or times for text, some value is neither: report the first."""
    for name, (words, pattern) in {name: _TEXT[kind] for name, kind in kinds.items() if kind in _TEXT}.items():
        column = table.column(name)
        if pa.types.is_string(column.type):
            wrong = pc.fill_null(pc.invert(pc.match_substring_regex(column, pattern)), False)
            row = max(pc.index(wrong, True).as_py(), 0)
            message = f"`{path}` row {row + form.first_row}, column `{name}`: `{column[row].as_py()}` is not {words}"
            report.error("E503", message, at, help=_HELP)
            return False
    return True
