"""The best items for a sample: down a tree, from vectors that are computed once, or one forward pass an item."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from blockrec.data.batching.batches import Index
from blockrec.data.batching.catalogue import Catalogue
from blockrec.data.dataset import Dataset
from blockrec.diagnostics import fail
from blockrec.run.beam import Beam, Reached
from blockrec.run.load import Loaded
from blockrec.run.modes import measuring
from blockrec.run.scorers import Apart, Pairs, Scorer
from blockrec.run.settings import Ranked
from blockrec.run.task import Task
from blockrec.run.towers import Towers
from blockrec.run.tree_ranking import beam_of


class Finder(Protocol):
    """how: in words. at_a_time: samples that are worked on together."""

    @property
    def how(self) -> str: ...

    @property
    def at_a_time(self) -> int: ...

    @property
    def catalogue(self) -> Catalogue: ...

    def find(self, rows: Index, k: int, *, drop_seen: bool) -> Reached:
        """At most k items of each sample, the best first; without those that its history has."""


@dataclass(frozen=True)
class DownTree:
    """Opens `width` nodes of each level."""

    beam: Beam
    width: int

    @property
    def how(self) -> str:
        return f"down the tree, {self.width:,} nodes opened a level"

    @property
    def at_a_time(self) -> int:
        return max(1, self.beam.size // (self.beam.nodes.tree.branching * self.width))

    @property
    def catalogue(self) -> Catalogue:
        return self.beam.catalogue

    def find(self, rows: Index, k: int, *, drop_seen: bool) -> Reached:
        """Of what is reached."""
        reached = self.beam.reached(rows, self.width)
        if drop_seen:
            number = len(self.catalogue)
            owner, item = self.catalogue.seen(rows)
            reached = reached.only(~np.isin(reached.owner * number + reached.items, owner * number + item))
        return reached.first(k)


@dataclass(frozen=True)
class Exact:
    """Scores every item."""

    scorer: Scorer

    @property
    def how(self) -> str:
        return "every item is scored"

    @property
    def at_a_time(self) -> int:
        return self.scorer.at_a_time

    @property
    def catalogue(self) -> Catalogue:
        return self.scorer.catalogue

    def find(self, rows: Index, k: int, *, drop_seen: bool) -> Reached:
        """Of all; equal ones in the order of the catalogue."""
        scores = self.scorer.scores(rows)
        if drop_seen:
            scores[self.catalogue.seen(rows)] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        values = np.take_along_axis(scores, best, axis=1).reshape(-1)
        owner = np.repeat(np.arange(len(rows)), best.shape[1])
        return Reached(owner, best.reshape(-1), values, scores.size).only(values > -np.inf)


def finder_of(
    loaded: Loaded, dataset: Dataset, task: Task, settings: Ranked, k: int, *, exact: bool, size: int
) -> tuple[Finder, AbstractContextManager[None]]:
    """A finder, and what its part of the model is to be used within. E501 for items that no training sample tells."""
    model, device, nodes = loaded.model, loaded.device, dataset.nodes
    if nodes is not None and not exact:
        beam, part = beam_of(model, task, nodes, dataset.splits["test"], size, device)
        return DownTree(beam, settings.beam or 2 * k), measuring(model, part)
    if not dataset.splits["train"].rows:
        help = "without `--data` the run's own data tell them"
        raise fail("E501", "there are no training samples, which tell which items there are", help=help)
    predictor: Any = model.only(task.name)
    catalogue = Catalogue.of(dataset.splits["train"], settings.items, predictor.graph_ir.used_features())
    towers = Towers.of(model, task.name, settings.items)
    if towers is not None:
        return Exact(Apart(towers, catalogue, size, device)), measuring(model, towers.query, towers.item)
    return Exact(Pairs(model, predictor, task, catalogue, size, device)), measuring(model, predictor)


def chunks(first: int, rows: int, size: int) -> Iterator[Index]:
    """The samples of a part, so many at a time."""
    return (first + np.arange(start, min(rows, start + size)) for start in range(0, rows, size))
