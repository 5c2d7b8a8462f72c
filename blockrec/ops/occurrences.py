"""The plain form of what ops on table rows start with: one gradient for each distinct id."""

from __future__ import annotations

import torch
from torch import Tensor


def sum_by_id(ids: Tensor, gradients: Tensor) -> tuple[Tensor, Tensor]:
    """Ids [n], gradients [n, d] → the distinct ids [u] and their sums [u, d]. Runs on any device."""
    rows, place = torch.unique(ids, return_inverse=True)
    total = gradients.new_zeros(rows.shape[0], gradients.shape[1])
    return rows, total.index_add_(0, place, gradients)
