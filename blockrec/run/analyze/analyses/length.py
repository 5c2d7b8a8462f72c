"""How long a history a trained model needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from blockrec.graph.ir import Graph
from blockrec.jagged import Jagged, offsets_of, select
from blockrec.language.features import Position
from blockrec.run.analyze.findings import Findings
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.subject import Subject
from blockrec.run.analyze.sweep import Measured, measured, no_metrics, swept
from blockrec.run.batches import Batch, Split
from blockrec.run.measure import chosen_split


def _needs(subject: Subject) -> str | None:
    sequences = [f for f in subject.graph.features.values() if f.sequence is not None]
    return no_metrics(subject) or (None if sequences else "it reads no history")


@analysis("length", needs=_needs)
def length(
    subject: Subject,
    *,
    lengths: list[int] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000],
    split: Literal["train", "valid", "test"] = "test",
) -> Findings:
    """How do the metrics of the trained model change when it sees only the newest behaviours?

    Histories are cut to so many newest steps, without training again; lengths beyond the longest history are left out.

    Args:
        lengths: numbers of behaviours.
        split: the samples to measure.
    """
    dataset = subject.loaded.dataset(subject.log)
    part = dataset.splits[chosen_split(dataset, split)]
    longest = int(max(history["max"] for history in dataset.describe()["history"].values()))
    tried = [*(n for n in lengths if n < longest), longest]

    def measure(number: int) -> Measured:
        return measured(subject, Newest(part, number, subject.graph), split, f"{number} newest")

    return swept("newest behaviours", tried, f"metrics on {split}, histories cut", measure)


@dataclass(frozen=True)
class Newest:
    """A split whose histories have at most `most` steps, the newest."""

    split: Split
    most: int
    graph: Graph

    @property
    def rows(self) -> int:
        return self.split.rows

    def batches(self, batch_size: int, **order: Any) -> Iterator[Batch]:
        """As those of the split."""
        for batch in self.split.batches(batch_size, **order):
            yield {name: self._cut(name, value) for name, value in batch.items()}

    def _cut(self, name: str, value: Tensor | Jagged) -> Tensor | Jagged:
        feature = self.graph.features.get(name)
        if feature is None or feature.sequence is None or not isinstance(value, Jagged):
            return value
        cut = newest(value, self.most)
        if isinstance(feature.source, Position) and feature.source.direction == "from_start":
            gone = (value.lengths - cut.lengths)[cut.rows]
            return cut.like(cut.values - gone)
        return cut


def newest(value: Jagged, most: int) -> Jagged:
    """The last `most` steps of each sample."""
    behind = value.offsets[value.rows + 1] - torch.arange(len(value.rows), device=value.rows.device)
    kept = (behind <= most).nonzero().squeeze(1)
    return select(value, kept, offsets_of(value.lengths.clamp(max=most)), min(most, value.max_length))
