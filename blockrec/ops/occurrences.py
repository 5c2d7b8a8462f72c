"""The plain form of what ops on table rows start with: one gradient for each distinct id. Runs on any device."""

from __future__ import annotations

import torch
from torch import Tensor

from blockrec.jagged import offsets_of


def sum_by_id(ids: Tensor, gradients: Tensor) -> tuple[Tensor, Tensor]:
    """Ids [n], gradients [n, d] → the distinct ids [u] and their sums [u, d]."""
    rows, place = torch.unique(ids, return_inverse=True)
    total = gradients.new_zeros(rows.shape[0], gradients.shape[1])
    return rows, total.index_add_(0, place, gradients)


def grouped(ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Ids [n] → the distinct ids [u] ascending, the places [n] of each's occurrences, and where they start [u + 1].

    On a GPU it waits for the device, to learn how many distinct ids there are.
    """
    ordered, places = torch.sort(ids, stable=True)
    distinct, counts = torch.unique_consecutive(ordered, return_counts=True)
    return distinct, places, offsets_of(counts)
