"""Lists of rows as steps: the values of all lists one after another, and how many each row has."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data.arrow import Column, Table, array_of, one_chunk
from blockrec.data.encoding.derived import Place
from blockrec.data.encoding.reader import is_list
from blockrec.diagnostics import Diagnostics, Span

Index = NDArray[np.int64]
_LISTS = "Parquet, Arrow and JSON have lists; for a CSV file say what stands between the values: csv: {lists: '|'}"


def steps_of(
    table: Table, columns: Mapping[str, Span], place: Place, report: Diagnostics
) -> tuple[Table, Index] | None:
    """The steps of a sequence, and [rows] how many each row has; None after E503.

    columns: its lists, with the places that ask for them. Values are not copied, unless lists are null that hold some.
    """
    lists = {name: _list(name, table.column(name), at, report) for name, at in columns.items()}
    if report.failed:
        return None
    lengths = {name: _lengths(column) for name, column in lists.items()}
    first = next(iter(lengths))
    for name, found in lengths.items():
        wrong = np.flatnonzero(found != lengths[first])
        if len(wrong):
            _unequal(int(wrong[0]), name, first, lengths, place, columns[name], report)
            return None
    return pa.table({name: column.flatten() for name, column in lists.items()}), lengths[first]


def _list(name: str, column: Column, at: Span, report: Diagnostics) -> Column:
    single = one_chunk(column)
    if pa.types.is_null(single.type):
        return single.cast(pa.list_(pa.null()))
    if not is_list(single.type):
        message = f"column `{name}` is {single.type}, where a sequence has a list in every row"
        report.error("E503", message, at, help=_LISTS)
    return single


def _lengths(column: Column) -> Index:
    """[rows]; a missing list is empty."""
    return array_of(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)


def _unequal(
    row: int, name: str, first: str, lengths: Mapping[str, Index], place: Place, at: Span, report: Diagnostics
) -> None:
    message = (
        f"{place(row)} has {lengths[name][row]} values in `{name}` and {lengths[first][row]} in `{first}`, which are "
        "fields of one sequence"
    )
    report.error("E503", message, at, help="the lists of one sequence have one value a step each")
