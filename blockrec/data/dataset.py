"""A dataset: the parts of its samples, mapped into memory, and what is known about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blockrec.data import arrow
from blockrec.data.batches import Gather, Split, window
from blockrec.data.plan import Plan
from blockrec.data.splits import NAMES
from blockrec.data.vocabulary import Vocabulary


@dataclass(frozen=True)
class Dataset:
    """What `open_dataset` gives.

    vocabularies: root feature with `vocab: auto` → rows of its table (row 0 is for values unseen in training).
    splits: `train`, `valid` and `test`; the last two may be empty.
    files: the folder of generated files (with the known truth), None for files of the user.
    """

    splits: Mapping[str, Split]
    vocabularies: Mapping[str, int]
    files: Path | None
    notes: Mapping[str, Any] = field(repr=False)
    values: Mapping[str, Vocabulary] = field(repr=False)

    def describe(self) -> dict[str, Any]:
        """Events, users, items; samples a part; mean and longest history a sequence; positive rate a label."""
        gather = self.splits["train"].gather
        found = {key: self.notes[key] for key in ("events", "users", "items", "samples")}
        return {**found, "history": _histories(gather), "positive": _rates(gather, self.notes["binary"])}

    def save_vocabularies(self, folder: Path) -> None:
        """Write `<feature>.parquet` (columns value, row) for each vocabulary."""
        folder.mkdir(parents=True, exist_ok=True)
        for root, vocabulary in self.values.items():
            rows = np.arange(1, vocabulary.rows)
            pq.write_table(pa.table({"value": vocabulary.values, "row": rows}), folder / f"{root}.parquet")


def opened(folder: Path, plan: Plan, files: Path | None) -> Dataset:
    """Map what `prepare` wrote into `folder`."""
    notes = json.loads((folder / "notes.json").read_text("utf-8"))
    values = {root: _vocabulary(folder, root) for root in notes["vocabularies"]}
    gather = _gather(folder, plan)
    splits, first = {}, 0
    for name in NAMES:
        splits[name] = Split(name, first, notes["samples"][name], gather)
        first += notes["samples"][name]
    return Dataset(splits, {root: v.rows for root, v in values.items()}, files, notes, values)


def stored(folder: Path) -> set[str]:
    """Names of the features and labels that `prepare` wrote into `folder`."""
    return set(json.loads((folder / "notes.json").read_text("utf-8"))["stored"])


def _vocabulary(folder: Path, root: str) -> Vocabulary:
    return Vocabulary(arrow.one_chunk(arrow.read(folder / f"{root}.vocabulary.arrow").column("value")))


def _gather(folder: Path, plan: Plan) -> Gather:
    features = tuple(f for f in plan.features.values() if f.name in plan.used)
    sequences = {f.sequence for f in features if f.sequence is not None}
    steps: dict[str, arrow.Array] = {}
    for name in sorted(sequences):
        steps |= arrow.arrays_of(arrow.read(folder / f"{name}.steps.arrow"))
    labels = tuple(label.name for label in plan.labels if label.name in plan.used)
    return Gather(
        columns=arrow.arrays_of(arrow.read(folder / "samples.arrow")),
        steps=steps,
        features=features,
        sequences={name: plan.sequences[name] for name in sorted(sequences)},
        labels=(*labels, *plan.columns),
    )


def _histories(gather: Gather) -> dict[str, dict[str, float]]:
    found = {}
    for name, sequence in gather.sequences.items():
        start, end = window(sequence, gather.columns[f"{name}/start"], gather.columns[f"{name}/end"])
        lengths = end - start
        found[name] = {"mean": float(lengths.mean()), "max": int(lengths.max())}
    return found


def _rates(gather: Gather, labels: list[str]) -> dict[str, float]:
    return {name: float(gather.columns[name].mean()) for name in labels if name in gather.labels}
