"""Samples and sequences as the columns that batches are gathered from, on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from blockrec.data import arrow
from blockrec.data.arrow import Array, Column
from blockrec.data.encode import Place, encode, encode_label
from blockrec.data.events import Log
from blockrec.data.histories import Mask, bounds_of
from blockrec.data.plan import Plan
from blockrec.data.samples import Samples
from blockrec.data.sources.joined import ROW
from blockrec.data.splits import NAMES, TRAIN, Part
from blockrec.data.vocabulary import Vocabulary, codes_of
from blockrec.diagnostics import Diagnostics, fail
from blockrec.language.features import AUTO, Feature
from blockrec.language.features import Column as FromColumn


@dataclass
class Writer:
    """Encodes samples and the steps of sequences. `trained`: the training part; `kept`: see `kept_events`."""

    plan: Plan
    log: Log
    samples: Samples
    part: Part
    trained: Mask
    kept: dict[str, Mask | None]
    report: Diagnostics

    def write(self, folder: Path) -> None:
        """Write the columns of samples, the steps of each sequence, the vocabularies and notes; raises after errors."""
        vocabularies = self._vocabularies()
        columns: dict[str, Array] = {}
        stored: list[str] = []
        for name in self.plan.sequences:
            start, end = bounds_of(self.log, self.kept[name], self.samples.owner, self.samples.end)
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
