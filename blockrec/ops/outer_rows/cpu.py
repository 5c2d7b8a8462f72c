"""`outer_rows` on the CPU: one pass over each distinct id, in parallel, in the order of the steps."""

from __future__ import annotations

from typing import Any

import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import kernel, launch
from blockrec.ops.grouping import CHUNKS_PER_THREAD, first_of

Array = Any


@kernel
def _sum(
    coefs: Array, vectors: Array, rows: Array, places: Array, starts: Array, targets: Array, chunks: int, out: Array
) -> None:
    for chunk in prange(chunks):
        for u in range(first_of(starts, chunk, chunks), first_of(starts, chunk + 1, chunks)):
            target = targets[u]
            for c in range(out.shape[1]):
                out[target, c] = 0
            for i in range(starts[u], starts[u + 1]):
                place = places[i]
                coef, row = coefs[place], rows[place]
                for c in range(out.shape[1]):
                    out[target, c] += coef * vectors[row, c]


def forward(
    coefs: Tensor, vectors: Tensor, rows: Tensor, places: Tensor, starts: Tensor, targets: Tensor, height: int
) -> Tensor:
    """[height, d] whose row targets[u] is the sum of the u-th distinct id; zeros elsewhere."""
    if places.shape[0] != coefs.shape[0]:
        raise ValueError(f"{places.shape[0]} ids are grouped, but there are {coefs.shape[0]} steps")
    full = targets.shape[0] == height
    out = vectors.new_empty(height, vectors.shape[1]) if full else vectors.new_zeros(height, vectors.shape[1])
    chunks = torch.get_num_threads() * CHUNKS_PER_THREAD
    launch(_sum, coefs, vectors, rows, places, starts, targets, chunks, out)
    return out
