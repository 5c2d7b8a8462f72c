"""`sum_rows` on the CPU: one pass over each distinct id, in parallel, in the order of the occurrences."""

from __future__ import annotations

from typing import Any

from numba import prange
from torch import Tensor

from blockrec.ops.compiled import kernel, launch
from blockrec.ops.grouping import first_of, group

Array = Any


@kernel
def _sum(places: Array, starts: Array, chunks: int, gradients: Array, out: Array) -> None:
    for chunk in prange(chunks):
        for u in range(first_of(starts, chunk, chunks), first_of(starts, chunk + 1, chunks)):
            out[u] = 0
            for i in range(starts[u], starts[u + 1]):
                place = places[i]
                for d in range(out.shape[1]):
                    out[u, d] += gradients[place, d]


def forward(ids: Tensor, gradients: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Sort the ids once, then sum row by row."""
    ordered, places, starts, chunks = group(ids, height)
    out = gradients.new_empty(starts.shape[0] - 1, gradients.shape[1])
    launch(_sum, places, starts, chunks, gradients, out)
    return ordered[starts[:-1]].to(ids.dtype), out
