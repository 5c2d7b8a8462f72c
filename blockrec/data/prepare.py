"""From a sorted log to what batches are gathered from: samples in their parts, sequences, vocabularies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data import arrow
from blockrec.data.arrow import Array, Column
from blockrec.data.control import with_exchanged_histories
from blockrec.data.encode import Place, encode, encode_label
from blockrec.data.events import Index, Log
from blockrec.data.plan import Plan
from blockrec.data.samples import (
    Samples,
    chosen,
    of_events,
    of_impressions,
    trained_events,
    with_labels,
    with_negatives,
)
from blockrec.data.sources.joined import ROW
from blockrec.data.splits import NAMES, TRAIN, Part
from blockrec.data.vocabulary import Vocabulary, codes_of
from blockrec.diagnostics import Diagnostics, fail
from blockrec.language.features import AUTO, Feature
from blockrec.language.features import Column as FromColumn

Mask = NDArray[np.bool_]


def prepare(plan: Plan, log: Log, folder: Path, report: Diagnostics, progress: Callable[[str], None]) -> None:
    """Write everything that a `Dataset` maps into `folder`; raises `BlockrecError` after errors."""
    progress("making samples")
    kept = {name: _kept(plan, log, name, report) for name in plan.sequences}
    report.raise_errors()
    samples = _samples(plan, log, report)
    part = plan.split.parts(samples.own, samples.time)
    if not (part == TRAIN).any():
        raise fail("E505", f"no sample is left to train with: the split takes all {len(part):,}", plan.at["split"])
    trained = trained_events(log, samples, part)
    if plan.shuffle_histories:
        samples = with_exchanged_histories(samples, part)
    if plan.samples.negatives is not None:
        assert plan.item is not None
        samples, stem = with_negatives(samples, log, trained, plan.samples, plan.item)
        part = part[stem]
    order = np.argsort(part, kind="stable")
    samples, part = samples.take(order), part[order]
    progress(f"encoding {len(samples):,} samples")
    _Writer(plan, log, samples, part, trained, kept, report).write(folder)


def _samples(plan: Plan, log: Log, report: Diagnostics) -> Samples:
    made = plan.samples
    if made.impressions is not None:
        samples = of_impressions(made.impressions, log, plan.log.user, plan.log.time, report)
    else:
        samples = of_events(log)
    _not_empty(plan, log, samples)
    if made.min_history:
        enough = _history_lengths(plan, log, samples, report) >= made.min_history
        samples = samples.keep(enough, f"`min_history: {made.min_history}`", plan.at["min_history"])
    if made.positives is not None:
        samples = chosen(samples, made.positives, report)
    return with_labels(samples, made.labels, report)


def _not_empty(plan: Plan, log: Log, samples: Samples) -> None:
    if plan.log.where is not None and log.rows_read and not len(log):
        where = plan.log.where
        raise fail("E505", f"no event is left: `where: {where.text}` removes all {log.rows_read:,}", where.at)
    if not len(samples):
        source = plan.samples.impressions.source if plan.samples.impressions else plan.log.source
        files = source.files
        raise fail("E505", f"no sample: {', '.join(f'`{p}`' for p in files.paths)} has no rows", files.at)


def _kept(plan: Plan, log: Log, sequence: str, report: Diagnostics) -> Mask | None:
    """[events] which of them enter the histories of a sequence; None: all."""
    where = plan.histories.get(sequence)
    return None if where is None else where.mask(log.table, report)


def _bounds(log: Log, kept: Mask | None, owner: Index, end: Index) -> tuple[Index, Index]:
    """[n], [n] where histories start and end among the kept events."""
    start = log.first(owner)
    if kept is None:
        return start, end
    before = np.concatenate([[0], np.cumsum(kept)])
    return before[start], before[end]


def _history_lengths(plan: Plan, log: Log, samples: Samples, report: Diagnostics) -> Index:
    """[n] steps in the shortest history of each sample that `history:` describes, else its earlier events."""
    masks = [_kept(plan, log, name, report) for name in plan.histories] or [None]
    bounds = [_bounds(log, mask, samples.owner, samples.end) for mask in masks]
    return np.asarray(np.min([end - start for start, end in bounds], axis=0))


@dataclass
class _Writer:
    plan: Plan
    log: Log
    samples: Samples
    part: Part
    trained: Mask
    kept: dict[str, Mask | None]
    report: Diagnostics

    def write(self, folder: Path) -> None:
        vocabularies = self._vocabularies()
        columns: dict[str, Array] = {}
        stored: list[str] = []
        for name in self.plan.sequences:
            start, end = _bounds(self.log, self.kept[name], self.samples.owner, self.samples.end)
            columns[f"{name}/start"], columns[f"{name}/end"] = start, end
            steps = self._encoded(self._fields(name), vocabularies)
            arrow.write(folder / f"{name}.steps.arrow", arrow.table_of(steps))
            stored += steps
        columns |= self._encoded(self._flat(), vocabularies)
        columns |= self._labels()
        columns |= {name: codes_of(self.samples.table.column(name))[1] for name in self.plan.columns}
        self.report.raise_errors()
        arrow.write(folder / "samples.arrow", arrow.table_of(columns))
        for root, vocabulary in vocabularies.items():
            arrow.write(folder / f"{root}.vocabulary.arrow", pa.table({"value": vocabulary.values}))
        (folder / "notes.json").write_text(json.dumps(self._notes(vocabularies, [*stored, *columns])), "utf-8")

    def _notes(self, vocabularies: dict[str, Vocabulary], stored: list[str]) -> dict[str, Any]:
        item = self.plan.item
        items = len(codes_of(self.log.table.column(item))[0]) if item is not None else None
        counts = np.bincount(self.part, minlength=len(NAMES)).tolist()
        return {
            "samples": dict(zip(NAMES, counts, strict=True)),
            "vocabularies": list(vocabularies),
            "events": len(self.log),
            "users": len(self.log.users),
            "items": items,
            "binary": [label.name for label in self.plan.labels if label.type == "binary"],
            "stored": stored,
        }

    def _flat(self) -> Iterable[tuple[Feature, Column, Place]]:
        rows = self.samples.table.column(ROW)
        for feature in self.plan.from_columns(None):
            yield feature, self.samples.table.column(_name(feature)), self._place(rows, self.samples.origin)

    def _fields(self, sequence: str) -> Iterable[tuple[Feature, Column, Place]]:
        mask = self.kept[sequence]
        table = self.log.table if mask is None else self.log.table.filter(pa.array(mask))
        rows = table.column(ROW)
        for feature in self.plan.from_columns(sequence):
            yield feature, table.column(_name(feature)), self._place(rows, self.log.origin)

    @staticmethod
    def _place(rows: Column, origin: Any) -> Place:
        return lambda i: str(origin.place(rows[i].as_py()))

    def _encoded(
        self, features: Iterable[tuple[Feature, Column, Place]], vocabularies: dict[str, Vocabulary]
    ) -> dict[str, Array]:
        """Feature name → array. A feature that the model does not read is left out if it does not fit."""
        found = {}
        for feature, column, place in features:
            report = self.report if feature.name in self.plan.used else Diagnostics()
            vocabulary = vocabularies.get(feature.root) if feature.vocab == AUTO else None
            values = encode(feature, column, vocabulary, place, report)
            if values is not None:
                found[feature.name] = values
        return found

    def _labels(self) -> dict[str, Array]:
        found = {}
        place = self._place(self.samples.table.column(ROW), self.samples.origin)
        for label in self.plan.labels:
            report = self.report if label.name in self.plan.used else Diagnostics()
            values = encode_label(label, self.samples.table.column(label.column), place, report)
            if values is None:
                continue
            train = values[self.part == TRAIN]
            if label.type == "binary" and label.name in self.plan.used and train.min() == train.max():
                message = f"label `{label.name}` is {train[0]:g} in all {len(train):,} training samples"
                report.error("E505", message, label.span, help="a model can learn nothing from it")
            found[label.name] = values
        return found

    def _vocabularies(self) -> dict[str, Vocabulary]:
        """Root feature → values that the training part holds in any column of the root."""
        columns: dict[str, list[Column]] = {}
        train = pa.array(np.flatnonzero(self.part == TRAIN))
        for feature in self.plan.from_columns(None):
            if feature.vocab == AUTO:
                columns.setdefault(feature.root, []).append(self.samples.table.column(_name(feature)).take(train))
        for sequence in self.plan.sequences:
            kept = self.kept[sequence]
            mask = self.trained if kept is None else self.trained & kept
            for feature in self.plan.from_columns(sequence):
                if feature.vocab == AUTO:
                    column = self.log.table.column(_name(feature)).filter(pa.array(mask))
                    columns.setdefault(feature.root, []).append(column)
        return {root: self._vocabulary(root, found) for root, found in columns.items()}

    def _vocabulary(self, root: str, columns: list[Column]) -> Vocabulary:
        try:
            return Vocabulary.of(columns)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            at = self.plan.features[root].span if root in self.plan.features else None
            raise fail("E503", f"columns that share the ids of `{root}` do not agree: {error}", at) from error


def _name(feature: Feature) -> str:
    assert isinstance(feature.source, FromColumn)
    return feature.source.name
