"""Large CSV files piece by piece, with the types that the whole file has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from blockrec.data.arrow import Table
from blockrec.data.sources.csv import BAD_VALUE, TYPES, CsvForm, are_numbers, csv_columns, is_text, read_csv
from blockrec.diagnostics import Diagnostics, Span

WHOLE = 1 << 26
"""Bytes of a file that is read at once."""
BLOCK = 1 << 24
"""Bytes of a piece of a larger one."""
_ORDER = (
    pa.null(),
    pa.int64(),
    pa.bool_(),
    pa.date32(),
    pa.time32("s"),
    pa.timestamp("s"),
    pa.timestamp("ns"),
    pa.float64(),
    pa.string(),
)
"""The types that pyarrow tries for a column, one after another, until one fits all its values."""


def csv_pieces(path: Path, form: CsvForm, kinds: Mapping[str, str], at: Span, report: Diagnostics) -> Iterator[Table]:
    """The columns `kinds` (name → a `Wanted` of `tables`), as `read_csv` reads them; nothing after E501 or E503.

    A large file is read twice: its first lines do not tell of which type the values of the last ones are.
    """
    types = _types(path, form, kinds, at) if path.stat().st_size > WHOLE else None
    if types is not None:
        yield from _stream(path, form, [*kinds], types)
    elif (table := read_csv(path, form, kinds, at, report)) is not None:
        yield table


def _types(path: Path, form: CsvForm, kinds: Mapping[str, str], at: Span) -> dict[str, Any] | None:
    """The type of each column in the whole file; None if a value has none of those that are wanted."""
    types = form.types(kinds)
    while True:
        try:
            for piece in _stream(path, form, [*kinds], types):
                scratch = Diagnostics()
                if not (is_text(piece, path, form, at, scratch) and are_numbers(piece, path, form, kinds, at, scratch)):
                    return None
                first = dict(zip(piece.column_names, piece.schema.types, strict=True))
                types = {**first, **types}
            return types
        except (pa.ArrowInvalid, UnicodeError, LookupError) as error:
            wider = _wider(str(error), csv_columns(path, form), kinds)
            if wider is None:
                return None
            types |= wider


def _wider(error: str, columns: list[str], kinds: Mapping[str, str]) -> dict[str, Any] | None:
    """The next type to try for the column that did not fit."""
    found = BAD_VALUE.match(error)
    name = columns[int(found[1])] if found else None
    tried = [i for i, kind in enumerate(_ORDER) if found and str(kind) == found[3]]
    if name is None or kinds.get(name) in TYPES or not tried or tried[0] + 1 == len(_ORDER):
        return None
    return {name: _ORDER[tried[0] + 1]}


def _stream(path: Path, form: CsvForm, names: list[str], types: Mapping[str, Any]) -> Iterator[Table]:
    convert = pacsv.ConvertOptions(include_columns=names, column_types=dict(types), strings_can_be_null=True)
    read = form.read_options(threads=False)
    read.block_size = BLOCK
    with form.stream(path) as stream:
        reader = pacsv.open_csv(stream, read, form.parse_options, convert)
        yield reader.schema.empty_table()
        for batch in reader:
            yield pa.Table.from_batches([batch])
