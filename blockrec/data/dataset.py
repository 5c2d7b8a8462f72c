"""A dataset: the parts of its samples, mapped into memory, and what is known about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blockrec.data import arrow
from blockrec.data.batching.batches import Gather, Split, window
from blockrec.data.columns import mapped
from blockrec.data.encoding.fits import Fits
from blockrec.data.encoding.numbers import Fit
from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.data.events_source.plan import Plan
from blockrec.data.kept import read_values
from blockrec.data.notes import noted_fits, read_notes
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.sampling.plan import SAMPLED
from blockrec.data.sampling.sampler import Sampler
from blockrec.data.splits import NAMES
from blockrec.data.tree.nodes import Nodes
from blockrec.language.features import Sequence


@dataclass(frozen=True)
class Dataset:
    """What `open_dataset` gives.

    vocabularies: root feature with `vocab: auto` → rows of its table (row 0 is for values unseen in training).
    splits: `train`, `valid` and `test`; the last two may be empty.
    files: the folder of generated files (with the known truth), None for files of the user.
    fits: what features learned from the training part. kept: see `blockrec.data.kept`.
    nodes: of a tree over the items, if there is one; trained: the part `train` as training then sees it.
    """

    splits: Mapping[str, Split]
    vocabularies: Mapping[str, int]
    files: Path | None
    notes: Mapping[str, Any] = field(repr=False)
    fits: Fits = field(repr=False)
    kept: Mapping[str, arrow.Column] = field(repr=False, default_factory=dict)
    nodes: Nodes | None = field(repr=False, default=None)
    trained: Split | None = field(repr=False, default=None)

    @property
    def values(self) -> Mapping[str, Vocabulary]:
        """Root feature → its vocabulary."""
        return self.fits.vocabularies

    def describe(self) -> dict[str, Any]:
        """Events, users, items of a log; samples a part; mean and longest history a sequence; positive rate a label."""
        gather = self.splits["train"].gather
        found = {key: self.notes[key] for key in ("events", "users", "items", "samples") if key in self.notes}
        if gather.sampler is not None:
            found["negatives"] = gather.sampler.describe()
        if self.nodes is not None:
            found["tree"] = self.nodes.describe()
        return {**found, "history": _histories(gather), "positive": _rates(gather, self.notes["binary"])}

    def save_vocabularies(self, folder: Path) -> None:
        """See `Fits.save` and `Nodes.save`."""
        self.fits.save(folder)
        if self.nodes is not None:
            self.nodes.save(folder)


def opened(folder: Path, plan: Plan | RowsPlan, files: Path | None) -> Dataset:
    """Map what was built into `folder`, of events or of rows."""
    notes = read_notes(folder)
    fits = noted_fits(folder, notes)
    gather = _gather(folder, plan, fits.numbers)
    splits, first = {}, 0
    for name in NAMES:
        splits[name] = Split(name, first, notes["samples"][name], gather)
        first += notes["samples"][name]
    sizes = {root: v.rows for root, v in fits.vocabularies.items()}
    return Dataset(splits, sizes, files, notes, fits, read_values(folder, tuple(plan.columns)))


def _gather(folder: Path, plan: Plan | RowsPlan, numbers: Mapping[str, Fit]) -> Gather:
    features = tuple(f for f in plan.features.values() if f.name in plan.used)
    step_labels = {x.name: x.sequence for x in plan.labels if x.name in plan.used and x.sequence is not None}
    sequences = {*(f.axis for f in features if f.axis is not None), *step_labels.values()}
    lists = {f.name: Sequence(f.name, (f.name,), f.max_len, f.keep, f.span) for f in features if f.pool}
    steps: dict[str, arrow.Array] = {}
    for name in sorted(sequences):
        steps |= mapped(folder / f"{name}.steps")
    labels = tuple(x.name for x in plan.labels if x.name in plan.used and x.sequence is None)
    columns = mapped(folder / "samples")
    drawn = plan.draws.sequences if plan.draws is not None else {}
    return Gather(
        columns=columns,
        steps=steps,
        features=features,
        sequences={name: {**plan.sequences, **drawn, **lists}[name] for name in sorted(sequences)},
        labels=(*labels, *plan.columns),
        step_labels=step_labels,
        numbers=numbers,
        sampler=Sampler.of(folder, plan.draws, columns),
    )


def _histories(gather: Gather) -> dict[str, dict[str, float]]:
    found = {}
    lists = {f.name for f in gather.features if f.pool} | ({SAMPLED} if gather.sampler is not None else set())
    for name, sequence in [(n, s) for n, s in gather.sequences.items() if n not in lists]:
        start, end = window(sequence, gather.columns[f"{name}/start"], gather.columns[f"{name}/end"])
        lengths = end - start
        found[name] = {"mean": float(lengths.mean()), "max": int(lengths.max())}
    return found


def _rates(gather: Gather, labels: list[str]) -> dict[str, float]:
    values = {**{name: gather.columns[name] for name in gather.labels}, **gather.steps}
    return {name: float(values[name].mean()) for name in labels if name in values}
