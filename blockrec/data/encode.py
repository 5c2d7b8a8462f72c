"""Columns of a table → arrays that a batch can be gathered from; a value that does not fit is a diagnostic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Array, Column, array_of, one_chunk
from blockrec.data.vocabulary import Vocabulary
from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.features import Column as FromColumn
from blockrec.language.features import Feature, Label

Place = Callable[[int], str]
"""Row of the column that is encoded → where it stands in the user's files."""


def encode(
    feature: Feature, column: Column, vocabulary: Vocabulary | None, place: Place, report: Diagnostics
) -> Array | None:
    """[n] rows of a table (int32 or int64), [n, width] float32, or [n] raw values; None after E503 or E504."""
    assert isinstance(feature.source, FromColumn)
    reader = _Reader(feature.source.name, feature.span, place, report)
    column = reader.filled(one_chunk(column), feature.source.default)
    if column is None:
        return None
    if feature.kind == "dense":
        return _dense(feature, column, reader)
    if feature.kind == "raw":
        return reader.numbers(column, feature.dtype)
    if vocabulary is not None:
        return vocabulary.encode(column)
    assert isinstance(feature.vocab, int)
    return reader.ids(column, feature.vocab)


def _dense(feature: Feature, column: Column, reader: _Reader) -> Array | None:
    if not pa.types.is_list(column.type) and not pa.types.is_fixed_size_list(column.type):
        if feature.width > 1:
            reader.wrong_width(column, feature.width)
            return None
        values = reader.numbers(column, "float32")
        return None if values is None else values.reshape(-1, 1)
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    if not pc.all(pc.equal(lengths, feature.width)).as_py():
        reader.wrong_width(column, feature.width)
        return None
    values = reader.numbers(column.flatten(), "float32", feature.width)
    return None if values is None else values.reshape(-1, feature.width)


def encode_label(label: Label, column: Column, place: Place, report: Diagnostics) -> Array | None:
    """[n] float32: 0 or 1, or for a `float` label the value; None after E503 or E505."""
    reader = _Reader(label.column, label.span, place, report)
    column = one_chunk(column)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    values = reader.numbers(column, "int64" if label.bit is not None else "float64")
    if values is None:
        return None
    if label.bit is not None:
        values = (values >> label.bit) & 1
    elif label.at_least is not None:
        values = values >= label.at_least
    elif label.type == "binary":
        wrong = (values != 0) & (values != 1)
        if wrong.any():
            row = int(wrong.argmax())
            message = f"label `{label.name}` is {values[row]:g} in {place(row)}; a label is 0 or 1"
            report.error("E505", message, label.span, help="write `at_least:` or `bit:`, or `type: float`")
            return None
    return values.astype(np.float32)


class _Reader:
    """Reads one column for one feature or label, and reports the first value that does not fit."""

    def __init__(self, column: str, at: Span, place: Place, report: Diagnostics) -> None:
        self.column, self.at, self.place, self.report = column, at, place, report

    def filled(self, column: Column, default: Any) -> Column | None:
        """The column with nulls replaced by the default, if there is one."""
        if default is None or not column.null_count:
            return column
        try:
            return column.fill_null(pa.scalar(default).cast(column.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            message = f"default `{default}` does not fit column `{self.column}`, which is {column.type}"
            self.report.error("E503", message, self.at)
            return None

    def numbers(self, column: Column, dtype: str, width: int = 1) -> Array | None:
        """[n] numbers; E503 for a null or a value that is not one. `width` values stand in one row."""
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        target = pa.from_numpy_dtype(np.dtype(dtype))
        try:
            found = column.cast(target, safe=not pa.types.is_floating(target))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            self._wrong(_first_bad(column, target), column, f"is not {dtype}", width)
            return None
        if found.null_count:
            self._wrong(pc.index(found.is_null(), True).as_py(), column, "", width)
            return None
        return array_of(found)

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
            message, help = f"`{value}` of column `{self.column}` in {place} {problem}", ""
        self.report.error("E503", message, self.at, help=help)


def _first_bad(column: Column, target: Any) -> int:
    """The first row that cannot be cast: found by halving, as a cast of the part before it succeeds."""
    low, high = 0, len(column)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            column.slice(low, middle - low).cast(target)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            high = middle
        else:
            low = middle
    return low
