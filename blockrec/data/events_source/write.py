"""Samples and sequences as the columns that batches are gathered from, on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from blockrec.data.arrow import Array, Column
from blockrec.data.columns import ColumnWriter, column_writer, mapped
from blockrec.data.encoding.ages import are_told
from blockrec.data.encoding.derived import is_age, is_read
from blockrec.data.encoding.encode import encode, encode_label, encode_lists, report_constant
from blockrec.data.encoding.fits import Fits
from blockrec.data.encoding.reader import can_group
from blockrec.data.events_source.events import MANY, Log
from blockrec.data.events_source.fitting import Fitter
from blockrec.data.events_source.histories import Bounds, Mask
from blockrec.data.events_source.parts import write_parts
from blockrec.data.events_source.plan import Plan
from blockrec.data.events_source.rows import Rows, of_samples, of_steps
from blockrec.data.events_source.samples import Samples
from blockrec.data.frame import spans
from blockrec.data.kept import write_values
from blockrec.data.needs import group_column
from blockrec.data.notes import write_notes
from blockrec.data.sampling.plan import HARD
from blockrec.data.sampling.pool import Pool
from blockrec.data.splits import NAMES, Part
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Feature, Label


@dataclass
class Writer:
    """Encodes samples and the steps of sequences, a part at a time. `trained`: the training part.

    kept: see `kept_events`. rows: by sequence, None for the samples. columns: of the samples.
    fits: what the training part says.
    """

    plan: Plan
    log: Log
    samples: Samples
    part: Part
    trained: Mask
    kept: dict[str, Mask | None]
    report: Diagnostics
    progress: Callable[[str], None]
    pool: Pool | None = None
    rows: dict[str | None, Rows] = field(init=False)
    columns: ColumnWriter = field(init=False)
    bounds: dict[str, Bounds] = field(init=False)
    fitter: Fitter = field(init=False)
    fits: Fits = field(init=False)

    def write(self, folder: Path) -> None:
        """Write columns of samples, steps of sequences, what was learned, and notes; raises after errors."""
        self.bounds = {name: Bounds.of(self.log, self.samples, kept) for name, kept in self.kept.items()}
        self.rows = {name: of_steps(self.log, kept, self.trained) for name, kept in self.kept.items()}
        self.rows[None] = of_samples(self.samples, self.part)
        if self.pool is not None:
            self.rows |= dict.fromkeys(self.pool.plan.sequences, self.pool.rows())
        self.fitter = Fitter(self.plan, self.rows, self.bounds)
        self.fits = self.plan.fitted or self.fitter.fits()
        stored: list[str] = []
        with column_writer(folder / "samples") as self.columns:
            for name in self.bounds:
                with column_writer(folder / f"{name}.steps") as steps:
                    self._bounds(name)
                    self._steps(name, steps)
                    stored += steps.columns
            stored += [*self._lists(folder), *self._negatives(folder)]
            self._flat()
            values = self._groups()
            stored += self.columns.columns
        self.report.raise_errors()
        write_values(folder, tuple(self.plan.columns), values)
        self._save(folder, stored)

    def _save(self, folder: Path, stored: list[str]) -> None:
        if self.pool is not None:
            self.pool.write(folder)
        item, counts = self.plan.item, np.bincount(self.part, minlength=len(NAMES))
        items = len(self.log.frame.values(item)) if item is not None else None
        known = {"events": len(self.log), "users": len(self.log.users), "items": items}
        write_notes(folder, self.fits, counts, self.plan.labels, **known, stored=stored)

    def _features(self, sequence: str | None) -> Iterator[Feature]:
        return (f for f in self.plan.features.values() if f.sequence == sequence and is_read(f))

    def _report(self, name: str) -> Diagnostics:
        """Of a feature or label that the model does not read, nobody hears: it is left out if it does not fit."""
        return self.report if name in self.plan.used else Diagnostics()

    def _flat(self) -> None:
        for feature in self._features(None):
            if not feature.pool:
                self._encode(feature, self.columns)
        self._labels(None, self.columns)

    def _bounds(self, sequence: str) -> None:
        for start, stop in spans(len(self.samples)):
            first, last = self.bounds[sequence][start:stop]
            self.columns.append(f"{sequence}/start", first)
            self.columns.append(f"{sequence}/end", last)

    def _steps(self, sequence: str, out: ColumnWriter) -> None:
        """The fields of a sequence, and the labels of its steps."""
        for feature in self._features(sequence):
            if not is_age(feature):
                self._encode(feature, out)
            elif (values := self._ages(feature)) is not None:
                out.write(feature.name, values)
        self._labels(sequence, out)

    def _lists(self, folder: Path) -> Iterator[str]:
        """The ids of pooled features, whose bounds become columns; names of those that are written."""
        rows = self.rows[None]
        for feature in self._features(None):
            if not feature.pool:
                continue
            report = self._report(feature.name)
            column = rows.column(feature, report)
            found = column is not None and encode_lists(feature, column, self.fits.of(feature), rows.place, report)
            if found:
                self._write_lists(folder, feature.name, found[0], {feature.name: found[1]})
                yield feature.name

    def _write_lists(self, folder: Path, name: str, offsets: Array, values: dict[str, Array]) -> None:
        self.columns.write(f"{name}/start", offsets[:-1])
        self.columns.write(f"{name}/end", offsets[1:])
        with column_writer(folder / f"{name}.steps") as out:
            for field_, column in values.items():
                out.write(field_, column)

    def _negatives(self, folder: Path) -> Iterator[str]:
        """The fields of all candidates, and those of hard negatives, whose bounds become columns; their names."""
        if self.pool is None:
            return
        for name, values in self.pool.columns(self.rows[None].frame, self.samples.user).items():
            self.columns.write(name, values)
        for name in self.pool.plan.sequences:
            with column_writer(folder / f"{name}.steps") as out:
                self._steps(name, out)
                yield from out.columns
            if name == HARD:
                offsets, index = self.pool.hard(self.rows[None].frame)
                fields = {f: v.take(index, axis=0) for f, v in mapped(folder / f"{name}.steps").items()}
                self.pool.check_hard()
                self._write_lists(folder, name, offsets, fields)

    def _encode(self, feature: Feature, out: ColumnWriter) -> None:
        rows, fit = self.rows[feature.sequence], self.fits.of(feature)
        if len(rows) > MANY:
            self.progress(f"encoding {feature.name}")

        def piece(start: int, stop: int, report: Diagnostics) -> Array | None:
            column = rows.column(feature, report, start, stop)
            return None if column is None else encode(feature, column, fit, rows.place, report)

        write_parts(out, feature.name, len(rows), piece, self._report(feature.name))

    def _ages(self, feature: Feature) -> Array | None:
        """[steps] the times that ages count from; the moments of samples become a column."""
        report = self._report(feature.name)
        times = self.fitter.times(feature, report)
        if times is None:
            return None
        since, now = times
        place = self.rows[feature.sequence].place
        if not are_told(feature, since, place, lambda: self.fitter.has_negative_age(feature, since, now), report):
            return None
        self.columns.write(f"{feature.name}/now", now)
        return since

    def _labels(self, sequence: str | None, out: ColumnWriter) -> None:
        for label in self.plan.labels:
            if label.sequence == sequence:
                self._label(label, out)

    def _label(self, label: Label, out: ColumnWriter) -> None:
        rows, report = self.rows[label.sequence], self._report(label.name)
        seen: dict[int, Array] = {}

        def piece(start: int, stop: int, report: Diagnostics) -> Array | None:
            column = rows.table([label.column], start, stop).column(label.column)
            values = encode_label(label, column, rows.place, report)
            if values is not None:
                seen[start] = np.unique(values[rows.trained[start:stop]])
            return values

        if write_parts(out, label.name, len(rows), piece, report) and label.type != "float" and not self.plan.fitted:
            known = np.unique(np.concatenate([*seen.values()]))
            if len(known) == 1:
                report_constant(label, known[0], int(rows.trained.sum()), report)

    def _groups(self) -> dict[str, Column]:
        """Columns that metrics group by, or that are kept: their values."""
        frame, found = self.samples.frame, {}
        for name in self.plan.columns:
            column = group_column(name)
            if can_group(column, frame.columns[column].type, self.plan.at["split"], self.report):
                found[name], codes = frame.codes(column)
                self.columns.write(name, codes.astype(np.int64))
        return found
