"""What is built from a section `data:` and the features of a model, as plain checked values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from blockrec.data.events import LogPlan
from blockrec.data.samples import SamplePlan
from blockrec.data.splits import SplitPlan
from blockrec.data.where import Condition
from blockrec.diagnostics import Span
from blockrec.language.features import Column, Feature, Label, Sequence


@dataclass(frozen=True)
class Plan:
    """What to build.

    features, labels: those whose columns the data have.  used: names of those that the model reads.
    sequences: all that are declared.  histories: conditions on the steps of some of them.
    columns: columns of the samples that are read though no feature is (a metric groups by them).
    item: the column of the item id, if the log has one.
    """

    log: LogPlan
    samples: SamplePlan
    histories: dict[str, Condition]
    split: SplitPlan
    shuffle_histories: bool
    features: dict[str, Feature]
    sequences: dict[str, Sequence]
    labels: tuple[Label, ...]
    columns: tuple[str, ...]
    item: str | None
    used: frozenset[str]
    at: dict[str, Span] = field(repr=False)

    def from_columns(self, sequence: str | None) -> Iterator[Feature]:
        """The features of one sequence, or of none, that are read from a column."""
        for feature in self.features.values():
            if feature.sequence == sequence and isinstance(feature.source, Column):
                yield feature

    @property
    def files(self) -> list[Path]:
        """Every file whose content matters."""
        impressions = self.samples.impressions
        return [*self.log.source.paths, *(impressions.source.files.paths if impressions else ())]

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is built from a given log."""
        histories = {name: condition.text for name, condition in self.histories.items()}
        read = [f for f in self.features.values() if isinstance(f.source, Column)]
        features = [(f.name, f.sequence, f.kind, f.root, f.vocab, f.source, f.width, f.dtype) for f in read]
        labels = [(x.name, x.column, x.at_least, x.bit, x.type) for x in self.labels]
        made = [self.samples.key, histories, self.split, self.shuffle_histories]
        return [*made, features, list(self.sequences), labels, self.columns]
