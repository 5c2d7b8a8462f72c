"""Columns of a table → arrays that a batch can be gathered from; a value that does not fit is a diagnostic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Array, Column, array_of, one_chunk
from blockrec.data.encoding import hashing
from blockrec.data.encoding.derived import Place
from blockrec.data.encoding.numbers import Edges, Fit, Scale
from blockrec.data.encoding.reader import Reader
from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Calendar, Feature, Hashed, Label
from blockrec.language.features import Column as FromColumn

SINGLE = "float32"
"""What models compute with: no number is larger than this type holds."""


def encode(
    feature: Feature, column: Column, fit: Vocabulary | Fit | None, place: Place, report: Diagnostics
) -> Array | None:
    """[n] rows of a table (whole numbers), [n, width] float32, or [n] raw values; None after E503 or E504.

    fit: what the training data say of the feature's root: its vocabulary, the edges of its buckets, its scale.
    """
    assert isinstance(feature.source, FromColumn | Calendar)
    reader = reader_of(feature, place, report)
    filled = reader.filled(one_chunk(column), feature.source.default)
    if filled is None or not (feature.kind == "dense" or reader.holds_single_values(filled)):
        return None
    if feature.kind == "dense":
        return _dense(feature, filled, fit if isinstance(fit, Scale) else None, reader)
    if feature.kind == "raw":
        return reader.numbers(filled, feature.dtype)
    return _ids(feature, filled, fit, reader)


def encode_lists(
    feature: Feature, column: Column, fit: Vocabulary | Fit | None, place: Place, report: Diagnostics
) -> tuple[Array, Array] | None:
    """[n + 1] offsets and [Σ] rows of a table of a pooled feature; a missing list is empty. None after E503 or E504."""
    column = one_chunk(column)
    if not reader_of(feature, place, report).holds_lists(column):
        return None
    offsets = np.concatenate([[0], np.cumsum(array_of(pc.fill_null(pc.list_value_length(column), 0)))])
    owner: Place = lambda i: place(int(np.searchsorted(offsets, i, side="right")) - 1)  # noqa: E731 - two words
    values = encode(replace(feature, pool=None), column.flatten(), fit, owner, report)
    return None if values is None else (offsets.astype(np.int64), values)


def reader_of(feature: Feature, place: Place, report: Diagnostics) -> Reader:
    """Reads its column, or for times the numbers that were made from them."""
    source = feature.source
    times = (source.since or source.column) if isinstance(source, Calendar) else None
    name = source.name if isinstance(source, FromColumn) else times
    return Reader(name or feature.name, feature.name, feature.span, place, report)


def _ids(feature: Feature, column: Column, fit: Vocabulary | Fit | None, reader: Reader) -> Array | None:
    if isinstance(fit, Vocabulary):
        return _narrow(fit.encode(column), fit.rows)
    if isinstance(fit, Edges):
        values = reader.with_gaps(column)
        return None if values is None else _narrow(fit.rows(values), len(fit.edges) + 2)
    assert isinstance(feature.vocab, int)
    if not isinstance(feature.ids, Hashed):
        rows = reader.ids(column, feature.vocab)
        return None if rows is None else _narrow(rows, feature.vocab)
    values = reader.hashable(column)
    return None if values is None else _narrow(hashing.rows_of(values, feature.vocab), feature.vocab)


def _narrow(rows: Array, vocab: int) -> Array:
    """As few bytes as the rows of the table need."""
    kinds = (kind for kind in (np.int8, np.int16, np.int32) if vocab - 1 <= np.iinfo(kind).max)
    return rows.astype(next(kinds, np.int64), copy=False)


def numbers_of(feature: Feature, column: Column, reader: Reader, dtype: str = "float64") -> Array | None:
    """[n, width] of a dense feature as they are in the data; None after E503, also for what 32 bits cannot hold."""
    if not pa.types.is_list(column.type) and not pa.types.is_fixed_size_list(column.type):
        if feature.width > 1:
            reader.wrong_width(column, feature.width)
            return None
        values = reader.numbers(column, dtype, within=SINGLE)
        return None if values is None else values.reshape(-1, 1)
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    if not pc.all(pc.equal(lengths, feature.width)).as_py():
        reader.wrong_width(column, feature.width)
        return None
    values = reader.numbers(column.flatten(), dtype, feature.width, SINGLE)
    return None if values is None else values.reshape(-1, feature.width)


def _dense(feature: Feature, column: Column, scale: Scale | None, reader: Reader) -> Array | None:
    if scale is None:
        return numbers_of(feature, column, reader, "float32")
    values = numbers_of(feature, column, reader)
    if values is None or (scale.norm == "log1p" and reader.is_negative(values)):
        return None
    return scale.applied(values)


def encode_label(label: Label, column: Column, place: Place, report: Diagnostics) -> Array | None:
    """[n] float32: 0 or 1, the number of a class, or for a `float` label the value; None after E503 or E505."""
    reader = Reader(label.column, label.name, label.span, place, report)
    column = one_chunk(column)
    if not reader.holds_single_values(column):
        return None
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    values = reader.numbers(column, "int64" if label.bit is not None else "float64", within=SINGLE)
    if values is None:
        return None
    if label.bit is not None:
        values = (values >> label.bit) & 1
    elif label.at_least is not None:
        values = values >= label.at_least
    elif label.type != "float" and not _is_class(label, values, place, report):
        return None
    return values.astype(np.float32)


def report_constant(label: Label, value: float, number: int, report: Diagnostics) -> None:
    """E505 for a label that has one value in the whole training part, in so many samples or steps."""
    what = "steps" if label.sequence else "samples"
    message = f"label `{label.name}` is {value:g} in all {number:,} training {what}"
    report.error("E505", message, label.span, help="a model can learn nothing from it")


def _is_class(label: Label, values: Any, place: Place, report: Diagnostics) -> bool:
    classes = label.classes or 2
    wrong = (values != np.floor(values)) | (values < 0) | (values >= classes)
    if wrong.any():
        row, meant = (
            int(wrong.argmax()),
            "0 or 1" if label.classes is None else f"a whole number from 0 to {classes - 1}",
        )
        message = f"label `{label.name}` is {values[row]:g} in {place(row)}; a label is {meant}"
        several = "write `at_least:` or `bit:`, `type: float`, or `classes: N`"
        help = several if label.classes is None else "`classes` is how many there are; they count from 0"
        report.error("E505", message, label.span, help=help)
    return not wrong.any()
