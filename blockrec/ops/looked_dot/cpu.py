"""`looked_dot` on the CPU: one pass a table over its ids, whose rows are read in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import check_ids, check_lengths, kernel, launch

Array = Any


@kernel
def _dot(query: Array, table: Array, ids: Array, offsets: Array, out: Array) -> None:
    """Adds to `out`."""
    for i in prange(offsets.shape[0] - 1):
        for t in range(offsets[i], offsets[i + 1]):
            row = ids[t]
            product = table.dtype.type(0)
            for c in range(table.shape[1]):
                product += query[i, c] * table[row, c]
            out[t] += product


def forward(query: Tensor, tables: Sequence[Tensor], ids: Sequence[Tensor], offsets: Tensor) -> Tensor:
    """Scores [Σt]."""
    check_lengths(offsets, steps=tuple(ids), samples=(query,))
    widths = [table.shape[1] for table in tables]
    if query.shape[1] != sum(widths):
        raise ValueError(f"the query has width {query.shape[1]}, the keys have {sum(widths)}")
    out = query.new_zeros(ids[0].shape[0])
    for part, table, own in zip(torch.split(query, widths, dim=1), tables, ids, strict=True):
        check_ids(own, table.shape[0])
        launch(_dot, part, table, own, offsets, out)
    return out
