"""One column for one feature or label: its values as numpy has them, or a diagnostic for one that does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import UNFIT, Array, Column, array_of
from blockrec.data.encoding.derived import Place
from blockrec.diagnostics import Diagnostics, Span


class Reader:
    """Of the column `column` for `owner`, a feature or label that is written at `at`."""

    def __init__(self, column: str, owner: str, at: Span, place: Place, report: Diagnostics) -> None:
        self.column, self.owner, self.at, self.place, self.report = column, owner, at, place, report

    def filled(self, column: Column, default: Any) -> Column | None:
        """The column with nulls replaced by the default, if there is one."""
        if default is None or not column.null_count:
            return column
        if pa.types.is_null(column.type):
            return pa.repeat(pa.scalar(default), len(column))
        try:
            return column.fill_null(pa.scalar(default).cast(column.type))
        except UNFIT:
            message = f"default `{default}` does not fit column `{self.column}`, which is {column.type}"
            self.report.error("E503", message, self.at)
            return None

    def holds_single_values(self, column: Column) -> bool:
        """Whether a row holds one number or text; E503 for lists and the like."""
        if is_value(column.type):
            return True
        what, help = f"is {column.type}", ""
        if is_list(column.type):
            what, help = "holds lists", "a list of ids is declared by `pool: sum` or `pool: mean`"
        message = f"column `{self.column}` {what}, and `{self.owner}` is one value a row"
        self.report.error("E503", message, self.at, help=help)
        return False

    def holds_lists(self, column: Column) -> bool:
        """Whether a row holds a list; E503 for single values."""
        if is_list(column.type):
            return True
        message = f"column `{self.column}` is {column.type}, and `{self.owner}` is a list (`pool`)"
        help = "leave out `pool`, or store lists: Parquet and Arrow have list columns, CSV has none"
        self.report.error("E503", message, self.at, help=help)
        return False

    def numbers(self, column: Column, dtype: str, width: int = 1, within: str = "") -> Array | None:
        """[n] finite numbers; E503 for a null or a value that is not one. `width` values stand in one row.

        within: another type of floats, whose range they do not leave.
        """
        found = self._cast(column, dtype, width)
        if found is not None and found.null_count:
            self._wrong(pc.index(found.is_null(), True).as_py(), column, "", width)
            return None
        values = None if found is None else array_of(found)
        return None if values is None or self._is_infinite(values, column, within or dtype, width) else values

    def with_gaps(self, column: Column) -> Array | None:
        """[n] float64, NaN for null; E503 for a value that is no number."""
        found = self._cast(column, "float64", 1)
        return None if found is None else array_of(found.fill_null(float("nan")))

    def _is_infinite(self, values: Array, column: Column, dtype: str, width: int) -> bool:
        """Whether one of [n] numbers is infinite, in the file or as `dtype`; E503 for the first."""
        with np.errstate(over="ignore"):
            wrong = np.isinf(values.astype(dtype, copy=False))
        if wrong.any():
            self._wrong(int(wrong.argmax()), column, f"is not a finite {dtype}", width)
        return bool(wrong.any())

    def _cast(self, column: Column, dtype: str, width: int) -> Column | None:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        target = pa.from_numpy_dtype(np.dtype(dtype))
        try:
            return column.cast(target, safe=not pa.types.is_floating(target))
        except UNFIT:
            self._wrong(_first_bad(column, target), column, f"is not {dtype}", width)
            return None

    def hashable(self, column: Column) -> Column | None:
        """Text or whole numbers; E503 for a null or another kind of value."""
        if pa.types.is_floating(column.type):
            values = self.numbers(column, "int64")
            return None if values is None else pa.array(values)
        if column.null_count:
            self._wrong(pc.index(column.is_null(), True).as_py(), column, "", 1)
            return None
        return column

    def ids(self, column: Column, vocab: int) -> Array | None:
        """[n] rows of a table of `vocab` rows; E504 for one outside."""
        values = self.numbers(column, "int64")
        if values is None:
            return None
        outside = (values < 0) | (values >= vocab)
        if outside.any():
            row = int(outside.argmax())
            message = f"id {values[row]} of column `{self.column}` in {self.place(row)} is outside a table of {vocab:,}"
            help = f"the largest id is {values.max()}; write `vocab: {values.max() + 1}` or more, or `vocab: auto`"
            self.report.error("E504", message, self.at, help=help if values.min() >= 0 else "write `vocab: auto`")
            return None
        return values.astype(np.int32) if vocab < 2**31 else values

    def is_negative(self, values: Array) -> bool:
        """Whether one of [n, width] numbers has no log1p; E503 for the first."""
        wrong = (values < 0).any(axis=1)
        if wrong.any():
            row = int(wrong.argmax())
            message = f"{values[row].min():g} of column `{self.column}` in {self.place(row)} is below 0: no `log1p`"
            self.report.error("E503", message, self.at, help="`norm: zscore` and `norm: minmax` take any number")
        return bool(wrong.any())

    def wrong_width(self, column: Column, width: int) -> None:
        """E503: not one list of `width` numbers a row."""
        message = f"column `{self.column}` is {column.type}, not a list of {width} numbers in every row"
        self.report.error("E503", message, self.at)

    def _wrong(self, row: int, column: Column, problem: str, width: int) -> None:
        value = column[row].as_py()
        place = self.place(row // width)
        if value is None:
            message, help = f"column `{self.column}` has no value in {place}", "write `default:` for such rows"
        else:
            message = f"`{value}` of column `{self.column}` in {place} {problem}"
            help = "a text is read by `vocab` or `hash`" if isinstance(value, str) else "correct or remove that row"
        self.report.error("E503", message, self.at, help=help)


def is_list(kind: Any) -> bool:
    """Whether values of this Arrow type are lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def can_group(column: str, kind: Any, at: Span, report: Diagnostics) -> bool:
    """Whether a metric can group by a column of this Arrow type; E503 for lists."""
    if is_list(kind):
        report.error("E503", f"column `{column}` holds lists, by which nothing is grouped", at)
    return not is_list(kind)


def is_value(kind: Any) -> bool:
    """Whether values of this Arrow type are numbers, times or texts."""
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_timestamp, pa.types.is_string)
    return pa.types.is_null(kind) or any(test(kind) for test in tests)


def _first_bad(column: Column, target: Any) -> int:
    """The first row that cannot be cast: found by halving, as a cast of the part before it succeeds."""
    low, high = 0, len(column)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            column.slice(low, middle - low).cast(target)
        except UNFIT:
            high = middle
        else:
            low = middle
    return low
