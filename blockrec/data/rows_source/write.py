"""Rows as the columns that batches are gathered from, on disk: written piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data.arrow import Array, Column, array_of, one_chunk
from blockrec.data.columns import ColumnWriter
from blockrec.data.encoding import hashing
from blockrec.data.encoding.ages import are_told
from blockrec.data.encoding.calendar import MISSING
from blockrec.data.encoding.derived import is_age, is_read
from blockrec.data.encoding.encode import encode, encode_label, encode_lists, report_constant
from blockrec.data.encoding.fits import Fits
from blockrec.data.encoding.reader import can_group
from blockrec.data.kept import Values, kept_in
from blockrec.data.needs import group_column
from blockrec.data.rows_source.draws import Draws
from blockrec.data.rows_source.learn import ages_of
from blockrec.data.rows_source.pieces import Piece
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.sampling.plan import HARD
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Feature, Label

_GROUPS = 1 << 62
"""Hashes of values that metrics group by: two of 10 million values are alike with a probability of 10⁻⁵."""


@dataclass
class Encoder:
    """Encodes pieces. steps: writers by sequence and pooled feature. samples: a writer for each part.

    counts: steps written so far. seen: label → the smallest and the largest value of the training part, and how many.
    draws: negatives, if there are any. hard: field → [candidates], what hard ones are taken from. kept: values so far.
    """

    plan: RowsPlan
    fits: Fits
    samples: list[ColumnWriter]
    steps: dict[str, ColumnWriter]
    report: Diagnostics
    draws: Draws | None = None
    counts: dict[str, int] = field(default_factory=dict)
    hard: dict[str, Array] = field(default_factory=dict)
    seen: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    kept: dict[str, Values] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = {name: Values() for name in kept_in(tuple(self.plan.columns))}

    def add(self, piece: Piece) -> None:
        """Write the rows of a piece; raises `BlockrecError` after errors."""
        columns = {name: values for name, values in self._columns(piece) if values is not None}
        self.report.raise_errors()
        for part in range(len(self.samples)):
            chosen = piece.part == part
            for name, values in columns.items():
                self.samples[part].append(name, values[chosen])

    def check_labels(self) -> None:
        """E505 for a label that has one value in the whole training part."""
        for label in self.plan.labels if self.plan.fitted is None else ():
            low, high, number = self.seen.get(label.name, (0, 1, 0))
            if low == high and label.type != "float":
                report_constant(label, low, number, self.report)
        self.report.raise_errors()

    def _columns(self, piece: Piece) -> Iterator[tuple[str, Array | None]]:
        """Of samples; those of steps are written."""
        for feature in self._features(None):
            if feature.pool:
                yield from self._list(feature, piece)
            else:
                yield feature.name, self._encoded(feature, piece)
        for label in self.plan.labels:
            if label.sequence is None:
                yield label.name, self._label(label, piece)
        for name in self.plan.columns:
            yield name, self._group(name, piece)
        for name in piece.lengths:
            yield from self._sequence(name, piece)
        if self.draws is not None:
            yield from self._negatives(self.draws, piece)

    def begin(self) -> None:
        """Write what all pieces share."""
        for name in self.draws.pool.plan.sequences if self.draws is not None else ():
            assert self.draws is not None
            fields = self.draws.fields(name, self.fits, self.report)
            if name == HARD:
                self.hard = fields
            else:
                for field_, values in fields.items():
                    self._append(name, field_, values)

    def _negatives(self, draws: Draws, piece: Piece) -> Iterator[tuple[str, Array]]:
        yield from draws.columns(piece).items()
        if HARD in draws.pool.plan.sequences:
            offsets, index = draws.hard(piece)
            for name, values in self.hard.items():
                self._append(HARD, name, values.take(index, axis=0))
            yield from self._bounds(HARD, np.diff(offsets))

    def _features(self, sequence: str | None) -> Iterator[Feature]:
        return (f for f in self.plan.features.values() if f.sequence == sequence and is_read(f))

    def _sequence(self, name: str, piece: Piece) -> Iterator[tuple[str, Array]]:
        """The bounds of a sequence, and the moments that ages count to."""
        for feature in self._features(name):
            if is_age(feature):
                times = self._ages(feature, piece)
                if times is not None:
                    self._append(name, feature.name, times[0])
                    yield f"{feature.name}/now", times[1]
            else:
                self._append(name, feature.name, self._encoded(feature, piece))
        for label in self.plan.labels:
            if label.sequence == name:
                self._append(name, label.name, self._label(label, piece))
        yield from self._bounds(name, piece.lengths[name])

    def _append(self, sequence: str, name: str, values: Array | None) -> None:
        if values is not None:
            self.steps[sequence].append(name, values)

    def _bounds(self, name: str, lengths: NDArray[np.int64]) -> Iterator[tuple[str, Array]]:
        before = self.counts.get(name, 0)
        ends = before + np.cumsum(lengths)
        self.counts[name] = before + int(lengths.sum())
        yield f"{name}/start", ends - lengths
        yield f"{name}/end", ends

    def _list(self, feature: Feature, piece: Piece) -> Iterator[tuple[str, Array]]:
        rows = piece.rows[None]
        column = rows.column(feature, self.report)
        if column is not None and pa.types.is_null(column.type):
            column = column.cast(pa.list_(pa.null()))
        fit = self.fits.of(feature)
        found = None if column is None else encode_lists(feature, column, fit, rows.place, self.report)
        if found is not None:
            offsets, values = found
            self._append(feature.name, feature.name, values)
            yield from self._bounds(feature.name, np.diff(offsets))

    def _encoded(self, feature: Feature, piece: Piece) -> Array | None:
        rows = piece.rows[feature.sequence]
        column = rows.column(feature, self.report)
        return None if column is None else encode(feature, column, self.fits.of(feature), rows.place, self.report)

    def _label(self, label: Label, piece: Piece) -> Array | None:
        rows = piece.rows[label.sequence]
        values = encode_label(label, rows.table.column(label.column), rows.place, self.report)
        trained = values[rows.trained] if values is not None else np.zeros(0)
        if len(trained):
            low, high, number = self.seen.get(label.name, (np.inf, -np.inf, 0))
            extremes = min(low, float(trained.min())), max(high, float(trained.max()))
            self.seen[label.name] = (*extremes, number + len(trained))
        return values

    def _ages(self, feature: Feature, piece: Piece) -> tuple[Array, Array] | None:
        """[steps] the times that ages count from, and [rows] the moments of samples; None after E503."""
        times = ages_of(feature, piece, self.report)
        if times is None:
            return None
        since, now = times

        def has_negative() -> bool:
            return bool(((since > now[piece.owner(str(feature.sequence))]) & (since != MISSING)).any())

        place = piece.rows[feature.sequence].place
        return times if are_told(feature, since, place, has_negative, self.report) else None

    def _kept(self, name: str, column: Column) -> Array | None:
        try:
            return self.kept[name].places(column)
        except pa.ArrowInvalid:
            kinds = f"{self.kept[name].known.type} and {column.type}"
            message = f"column `{group_column(name)}` has types that do not agree: {kinds}"
            self.report.error("E503", message)
            return None

    def _group(self, name: str, piece: Piece) -> Array | None:
        """[rows] a hash of the value that a metric groups by, or the place of a kept one; −1 for null."""
        column = one_chunk(piece.rows[None].table.column(group_column(name)))
        if not can_group(group_column(name), column.type, self.plan.at, self.report):
            return None
        if name in self.kept:
            return self._kept(name, column)
        codes = np.full(len(column), -1, np.int64)
        codes[array_of(column.is_valid())] = hashing.rows_of(column.drop_null(), _GROUPS)
        return codes
