"""Scores of samples with every item of a catalogue: pair by pair, or from vectors that are computed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from blockrec.data.batching.batches import Index
from blockrec.data.batching.catalogue import Catalogue
from blockrec.metrics.measure import Array
from blockrec.run.batches import Batch, moved
from blockrec.run.task import Task, predictions
from blockrec.run.towers import ITEM, QUERY, Towers

CELLS = 1 << 24
"""Scores that are held at a time."""


class Scorer(Protocol):
    """at_a_time: how many samples are scored together."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def at_a_time(self) -> int: ...

    def scores(self, rows: Index) -> Array:
        """[n, i] of samples with all items."""


@dataclass(frozen=True)
class Pairs:
    """A forward pass for each sample and item, `batch_size` at a time."""

    model: Any
    predictor: Any
    task: Task
    catalogue: Catalogue
    batch_size: int
    device: torch.device

    @property
    def at_a_time(self) -> int:
        return max(1, self.batch_size // len(self.catalogue))

    def scores(self, rows: Index) -> Array:
        """Predictions of the task."""
        items = len(self.catalogue)
        found = [
            predictions(self.model, self.task, self.predictor(self._batch(*pairs))[self.task.name])
            for pairs in _pairs(rows, items, self.batch_size)
        ]
        return np.concatenate(found).reshape(-1, items)

    def _batch(self, rows: Index, items: Index) -> Batch:
        return moved(self.catalogue.batch(rows, items), self.device)


@dataclass(frozen=True)
class Apart:
    """A forward pass for each sample, one for each item, and one product.

    The scores are the task's logits: its prediction rises with them, so the places are the same.
    """

    towers: Towers
    catalogue: Catalogue
    batch_size: int
    device: torch.device

    @property
    def at_a_time(self) -> int:
        return max(1, min(self.batch_size, CELLS // len(self.catalogue)))

    @cached_property
    def items(self) -> Tensor:
        """[i, d]"""
        own, rows = self.catalogue.own, self.catalogue.rows
        parts = [rows[part] for part in slices(len(rows), self.batch_size)]
        return torch.cat([self.towers.item(moved(own.batch(part), self.device))[ITEM] for part in parts])

    def scores(self, rows: Index) -> Array:
        """Similarities."""
        query = self.towers.query(moved(self.catalogue.others.batch(rows), self.device))[QUERY]
        found: Array = self.towers.score.of_all(query, self.items).float().cpu().numpy()
        return found


def slices(rows: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, rows, size))


def _pairs(rows: Index, items: int, size: int) -> Iterator[tuple[Index, Index]]:
    """Every row with every item, row by row, `size` pairs at a time."""
    for part in slices(len(rows) * items, size):
        pair = np.arange(len(rows) * items)[part]
        yield rows[pair // items], pair % items
