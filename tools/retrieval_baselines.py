"""What can be retrieved without training: popular items, and items that others took with those of the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blockrec.data import Dataset, Split, open_dataset
from blockrec.data.batching.batches import Index
from blockrec.data.batching.catalogue import Catalogue
from blockrec.diagnostics import Diagnostics
from blockrec.language.document import load
from blockrec.language.metrics import read_metrics
from blockrec.metrics.measure import Array
from blockrec.run.catalogue import Ranker
from blockrec.run.settings import eval_settings
from blockrec.run.task import Task

MODEL = """
blockrec: 1
name: baselines
labels: {click: {type: float}}
features: {popularity: {dense: 1, column: log_popularity}}
graph:
  vector: {block: embed, in: [user, item, category], dim: 4}
  logit: {block: linear, in: [vector, popularity], out: 1}
tasks: {click: {logits: logit, loss: bce}}
eval: {catalogue: {items: [item, category], seen: drop}}
"""
READ = ("user", "item", "category", "popularity", "behaviors.item", "click")
AT_A_TIME = 1024


@dataclass(frozen=True)
class Popularity:
    """Every sample gets the items that come most often in the training part."""

    catalogue: Catalogue
    share: NDArray[np.float32]
    at_a_time: int = AT_A_TIME

    @classmethod
    def of(cls, dataset: Dataset, catalogue: Catalogue) -> Popularity:
        return cls(catalogue, dataset.splits["train"].gather.columns["popularity"][catalogue.rows].reshape(-1))

    def scores(self, rows: Index) -> Array:
        """[n, i] logarithms of shares."""
        return np.tile(self.share, (len(rows), 1)).astype(np.float32)


@dataclass(frozen=True)
class Neighbours:
    """Item-kNN: Σ over the items j of the whole history of cosine(i, j), the cosine of the users who took i and j.

    Sarwar et al., "Item-Based Collaborative Filtering Recommendation Algorithms", WWW 2001; of each item only the
    `neighbours` nearest others count.
    """

    catalogue: Catalogue
    train: Split
    neighbours: int = 100
    at_a_time: int = AT_A_TIME

    @cached_property
    def cosines(self) -> Tensor:
        """[i, i]"""
        taken = self._taken()
        counts = taken.sum(dim=0).clamp(min=1).sqrt()
        cosines = (taken.T @ taken) / counts[:, None] / counts
        cosines.fill_diagonal_(0)
        k = min(self.neighbours, len(cosines))
        least = cosines.topk(k, dim=0).values[-1]
        return cosines * (cosines >= least)

    def _taken(self) -> Tensor:
        """[users, i] 1 where a user took an item before the end of the training part."""
        columns, train = self.train.gather.columns, self.train
        rows = train.first + np.arange(train.rows)
        users, codes = np.unique(columns["user"][rows], return_inverse=True)
        own = columns["click"][rows] > 0
        taken = torch.zeros(len(users), len(self.catalogue))
        taken[codes[own], self.catalogue.places(columns["item"][rows][own])] = 1
        longest = np.zeros(len(users), np.int64)
        longest[codes] = rows  # samples of a user are in the order of time
        taken[self.catalogue.seen(longest)] = 1
        return taken

    def scores(self, rows: Index) -> Array:
        """[n, i]"""
        history = torch.zeros(len(rows), len(self.catalogue))
        history[self.catalogue.seen(rows)] = 1
        found: Array = (history @ self.cosines).numpy()
        return found


def retrieved(card: str, sets: Sequence[str], metrics: Sequence[object]) -> dict[str, dict[str, float]]:
    """`popularity` and `item-kNN` → metric → value on the test part; raises `BlockrecError` where the data are not."""
    report = Diagnostics()
    document = load(MODEL, report, data=card, sets=sets)
    report.raise_errors()
    assert document is not None
    dataset = open_dataset(document.evaluated("data"), document.features, READ, report)
    report.raise_errors()
    assert dataset is not None
    settings = eval_settings(document.evaluated("eval")).catalogue
    assert settings is not None
    task = Task("click", "click", "", tuple(read_metrics(metrics)))
    catalogue = Catalogue.of(dataset.splits["train"], settings.items, ["item"])
    ranker = Ranker(dataset.splits, settings)
    found: dict[str, Mapping[str, float]] = {}
    for name, scorer in (
        ("popularity", Popularity.of(dataset, catalogue)),
        ("item-kNN", Neighbours(catalogue, dataset.splits["train"])),
    ):
        places = ranker.placed(scorer, task, "test")
        assert places is not None
        found[name] = places.results(task.of_catalogue).values
    return found
