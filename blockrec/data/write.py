"""Samples and sequences as the columns that batches are gathered from, on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from blockrec.data import arrow
from blockrec.data.arrow import Array
from blockrec.data.calendar import MISSING
from blockrec.data.derived import is_age, is_read
from blockrec.data.encode import encode, encode_label, encode_lists
from blockrec.data.events import Log
from blockrec.data.fits import Fits
from blockrec.data.fitting import Fitter
from blockrec.data.histories import Mask, bounds_of
from blockrec.data.plan import Plan
from blockrec.data.reader import is_list
from blockrec.data.rows import Rows, of_samples, of_steps
from blockrec.data.samples import Samples
from blockrec.data.sampling.plan import HARD
from blockrec.data.sampling.pool import Pool
from blockrec.data.splits import NAMES, Part
from blockrec.data.vocabulary import codes_of
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Buckets, Feature, Label


@dataclass
class Writer:
    """Encodes samples and the steps of sequences. `trained`: the training part; `kept`: see `kept_events`.

    rows: by sequence, None for the samples. columns: of the samples. fits: what the training part says.
    """

    plan: Plan
    log: Log
    samples: Samples
    part: Part
    trained: Mask
    kept: dict[str, Mask | None]
    report: Diagnostics
    pool: Pool | None = None
    rows: dict[str | None, Rows] = field(init=False)
    columns: dict[str, Array] = field(init=False, default_factory=dict)
    fitter: Fitter = field(init=False)
    fits: Fits = field(init=False)

    def write(self, folder: Path) -> None:
        """Write columns of samples, steps of sequences, what was learned, and notes; raises after errors."""
        bounds = {n: bounds_of(self.log, k, self.samples.owner, self.samples.end) for n, k in self.kept.items()}
        self.rows = {n: of_steps(self.log, kept, self.trained) for n, kept in self.kept.items()}
        self.rows[None] = of_samples(self.samples, self.part)
        if self.pool is not None:
            self.rows |= dict.fromkeys(self.pool.plan.sequences, self.pool.rows())
        self.fitter = Fitter(self.plan, self.rows, bounds)
        self.fits = self.plan.fitted or self.fitter.fits()
        for name, (start, end) in bounds.items():
            self.columns |= {f"{name}/start": start, f"{name}/end": end}
        steps = {name: dict(self._steps(name)) for name in bounds} | dict(self._lists()) | dict(self._negatives())
        self.columns |= {name: values for name, values in self._flat() if values is not None}
        self._read_groups()
        self.report.raise_errors()
        self._save(folder, steps)

    def _save(self, folder: Path, steps: Mapping[str, Mapping[str, Array]]) -> None:
        for name, values in steps.items():
            arrow.write(folder / f"{name}.steps.arrow", arrow.table_of(dict(values)))
        if self.pool is not None:
            self.pool.write(folder)
        arrow.write(folder / "samples.arrow", arrow.table_of(self.columns))
        for root, vocabulary in self.fits.vocabularies.items():
            arrow.write(folder / f"{root}.vocabulary.arrow", pa.table({"value": vocabulary.values}))
        stored = [*self.columns, *(name for values in steps.values() for name in values)]
        (folder / "notes.json").write_text(json.dumps(self._notes(stored)), "utf-8")

    def _notes(self, stored: list[str]) -> dict[str, Any]:
        item = self.plan.item
        items = len(codes_of(self.log.table.column(item))[0]) if item is not None else None
        counts = np.bincount(self.part, minlength=len(NAMES)).tolist()
        return {
            "samples": dict(zip(NAMES, counts, strict=True)),
            "vocabularies": {root: v.cold for root, v in self.fits.vocabularies.items()},
            "numbers": {name: fit.to_json() for name, fit in self.fits.numbers.items()},
            "events": len(self.log),
            "users": len(self.log.users),
            "items": items,
            "binary": [label.name for label in self.plan.labels if label.type == "binary"],
            "stored": stored,
        }

    def _features(self, sequence: str | None) -> Iterator[Feature]:
        return (f for f in self.plan.features.values() if f.sequence == sequence and is_read(f))

    def _report(self, name: str) -> Diagnostics:
        """Of a feature or label that the model does not read, nobody hears: it is left out if it does not fit."""
        return self.report if name in self.plan.used else Diagnostics()

    def _flat(self) -> Iterator[tuple[str, Array | None]]:
        for feature in self._features(None):
            if not feature.pool:
                yield feature.name, self._encoded(feature)
        for label in self.plan.labels:
            if label.sequence is None:
                yield label.name, self._label(label)

    def _steps(self, sequence: str) -> Iterator[tuple[str, Array]]:
        """The fields of a sequence, and the labels of its steps."""
        for feature in self._features(sequence):
            values = self._ages(feature) if is_age(feature) else self._encoded(feature)
            if values is not None:
                yield feature.name, values
        for label in self.plan.labels:
            if label.sequence == sequence and (values := self._label(label)) is not None:
                yield label.name, values

    def _lists(self) -> Iterator[tuple[str, dict[str, Array]]]:
        """The ids of pooled features, whose bounds become columns."""
        rows = self.rows[None]
        for feature in self._features(None):
            if not feature.pool:
                continue
            report = self._report(feature.name)
            column = rows.column(feature, report)
            found = column is not None and encode_lists(feature, column, self.fits.of(feature), rows.place, report)
            if found:
                offsets, values = found
                self.columns |= {f"{feature.name}/start": offsets[:-1], f"{feature.name}/end": offsets[1:]}
                yield feature.name, {feature.name: values}

    def _negatives(self) -> Iterator[tuple[str, dict[str, Array]]]:
        """The fields of all candidates, and those of hard negatives, whose bounds become columns."""
        if self.pool is None:
            return
        self.columns |= self.pool.columns(self.samples)
        for name in self.pool.plan.sequences:
            fields = dict(self._steps(name))
            if name == HARD:
                offsets, index = self.pool.hard(self.samples, self.report)
                self.columns |= {f"{name}/start": offsets[:-1], f"{name}/end": offsets[1:]}
                fields = {field: values.take(index, axis=0) for field, values in fields.items()}
            yield name, fields

    def _encoded(self, feature: Feature) -> Array | None:
        rows, report = self.rows[feature.sequence], self._report(feature.name)
        column = rows.column(feature, report)
        return None if column is None else encode(feature, column, self.fits.of(feature), rows.place, report)

    def _ages(self, feature: Feature) -> Array | None:
        """[steps] the times that ages count from; the moments of samples become a column."""
        report = self._report(feature.name)
        times = self.fitter.times(feature, report)
        if times is None:
            return None
        since, now = times
        missing = since == MISSING
        if missing.any() and not isinstance(feature.ids, Buckets) and getattr(feature.source, "default", 0) is None:
            place = self.rows[feature.sequence].place(int(missing.argmax()))
            message = f"`{feature.name}` has no time to count from in {place}"
            report.error("E503", message, feature.span, help="write `default:` for such rows")
            return None
        if feature.norm == "log1p" and self.fitter.has_negative_age(feature, since, now):
            message = f"`{feature.name}` counts from a time after the sample: below 0, which has no `log1p`"
            report.error("E503", message, feature.span, help="`norm: zscore` and `norm: minmax` take any number")
            return None
        self.columns[f"{feature.name}/now"] = now
        return since

    def _label(self, label: Label) -> Array | None:
        rows, report = self.rows[label.sequence], self._report(label.name)
        values = encode_label(label, rows.table.column(label.column), rows.place, report)
        train = values[rows.trained] if values is not None else np.zeros(0)
        learns = self.plan.fitted is None
        if learns and label.type == "binary" and len(train) and train.min() == train.max():
            what = "steps" if label.sequence else "samples"
            message = f"label `{label.name}` is {train[0]:g} in all {len(train):,} training {what}"
            report.error("E505", message, label.span, help="a model can learn nothing from it")
        return values

    def _read_groups(self) -> None:
        """Columns that metrics group by."""
        for name in self.plan.columns:
            column = self.samples.table.column(name)
            if is_list(column.type):
                message = f"column `{name}` holds lists, by which nothing is grouped"
                self.report.error("E503", message, self.plan.at["split"])
            else:
                self.columns[name] = codes_of(column)[1]
