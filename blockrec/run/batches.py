"""What a batch is to the loop: a mapping to move to a device and to count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from blockrec.data.batching.cuts import ALONE, Rank, Size, Tokens
from blockrec.data.batching.order import Blocks, Shuffle
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


class Trained(Split, Protocol):
    """Samples of train, whose batches may also be cut by tokens and divided between processes."""

    def steps(self, batch_size: Size) -> int:
        """Number of batches an epoch."""

    def batches(
        self,
        batch_size: Size,
        *,
        seed: int = 0,
        epoch: int = 0,
        start: int = 0,
        shuffle: Shuffle = False,
        prefetch: bool = True,
        rank: Rank = ALONE,
    ) -> Iterator[Batch]:
        """All samples once, in the order of (seed, epoch), from batch `start` on; of each batch the part of `rank`."""


class Feed(Protocol):
    """The batches that a model is trained on, epoch after epoch, in an order that (epoch, start) alone decide."""

    @property
    def per_epoch(self) -> int:
        """Number of batches an epoch."""

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch (counted from 0), from batch `start` on."""


@dataclass(frozen=True)
class Rows:
    """A feed of `batch_size` samples a batch, or of `tokens`, which `rank` has a part of."""

    split: Trained
    batch_size: int
    shuffle: Shuffle
    seed: int
    tokens: int | None = None
    rank: Rank = ALONE

    @classmethod
    def of(cls, split: Trained, section: Mapping[str, Any], seed: int) -> Rows:
        """As `data:` says, its defaults filled in."""
        shuffle = section["shuffle"]
        order = shuffle if isinstance(shuffle, bool) else Blocks(shuffle["blocks"], shuffle["rows"])
        return cls(split, section["batch_size"], order, seed, section.get("batch_tokens"))

    @property
    def size(self) -> Size:
        """Of a batch."""
        return self.batch_size if self.tokens is None else Tokens(self.tokens)

    @cached_property
    def per_epoch(self) -> int:
        return self.split.steps(self.size)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        return self.split.batches(
            self.size, seed=self.seed, epoch=epoch, start=start, shuffle=self.shuffle, rank=self.rank
        )

    def __str__(self) -> str:
        return f"{self.batch_size:,} samples" if self.tokens is None else f"{self.tokens:,} tokens"


def moved(batch: Batch, device: torch.device) -> Batch:
    """The batch on `device`; itself if it is there already."""
    if device.type == "cpu":
        return batch
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


def rows_in(batch: Batch) -> int:
    """Number of samples b."""
    value = next(iter(batch.values()))
    return value.batch if isinstance(value, Jagged) else value.shape[0]
