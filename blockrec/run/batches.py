"""What a batch is to the loop: a mapping to move to a device and to count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def moved(batch: Batch, device: torch.device) -> Batch:
    """The batch on `device`; itself if it is there already."""
    if device.type == "cpu":
        return batch
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


def rows_in(batch: Batch) -> int:
    """Number of samples b."""
    value = next(iter(batch.values()))
    return value.batch if isinstance(value, Jagged) else value.shape[0]
