"""`looked_sum` on the CPU: one pass a table over its ids, whose rows are read in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import check_ids, check_lengths, kernel, launch

Array = Any


@kernel
def _sum(weights: Array, table: Array, ids: Array, offsets: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        out[i] = 0
        for t in range(offsets[i], offsets[i + 1]):
            row = ids[t]
            for c in range(table.shape[1]):
                out[i, c] += weights[t] * table[row, c]


def forward(weights: Tensor, tables: Sequence[Tensor], ids: Sequence[Tensor], offsets: Tensor) -> Tensor:
    """Sums [b, Σd]."""
    check_lengths(offsets, steps=(weights, *ids))
    parts = [weights.new_empty(offsets.shape[0] - 1, table.shape[1]) for table in tables]
    for part, table, own in zip(parts, tables, ids, strict=True):
        check_ids(own, table.shape[0])
        launch(_sum, weights, table, own, offsets, part)
    return torch.cat(parts, dim=1)
