"""What a batch is to the loop: a mapping to move to a device and to count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from blockrec.jagged import Jagged

Batch = Mapping[str, Tensor | Jagged]


class Split(Protocol):
    """Samples of train, valid or test; `blockrec.data` makes them."""

    @property
    def rows(self) -> int:
        """Number of samples."""

    def batches(
        self,
        batch_size: int,
        *,
        seed: int = 0,
        epoch: int = 0,
        start: int = 0,
        shuffle: bool = False,
        prefetch: bool = True,
    ) -> Iterator[Batch]:
        """All samples once, the last batch as it comes."""


class Feed(Protocol):
    """The batches that a model is trained on, epoch after epoch, in an order that (epoch, start) alone decide."""

    @property
    def per_epoch(self) -> int:
        """Number of batches an epoch."""

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (counted from 0), from batch `start` on."""


@dataclass(frozen=True)
class Rows:
    """A feed of `batch_size` samples a batch."""

    split: Split
    batch_size: int
    shuffle: bool
    seed: int

    @property
    def per_epoch(self) -> int:
        return math.ceil(self.split.rows / self.batch_size)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        return self.split.batches(self.batch_size, seed=self.seed, epoch=epoch, start=start, shuffle=self.shuffle)


def moved(batch: Batch, device: torch.device) -> Batch:
    """The batch on `device`; itself if it is there already."""
    if device.type == "cpu":
        return batch
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


def rows_in(batch: Batch) -> int:
    """Number of samples b."""
    value = next(iter(batch.values()))
    return value.batch if isinstance(value, Jagged) else value.shape[0]
