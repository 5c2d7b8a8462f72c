"""`segment_topk` on the CPU: a heap of k steps a sample, built in the output itself."""

from __future__ import annotations

from typing import Any

from numba import prange
from torch import Tensor

from blockrec.jagged import offsets_of
from blockrec.ops.compiled import check_lengths, helper, kernel, launch

Array = Any


@helper
def _worse(scores: Array, a: int, b: int) -> bool:
    """Step a leaves before step b: a lower score, or the same one earlier."""
    return bool(scores[a] < scores[b] or (scores[a] == scores[b] and a < b))


@helper
def _sink(scores: Array, heap: Array, place: int) -> None:
    """Restore the order of a heap whose top is its worst step, from `place` down."""
    while 2 * place + 1 < heap.shape[0]:
        child = 2 * place + 1
        if child + 1 < heap.shape[0] and _worse(scores, heap[child + 1], heap[child]):
            child += 1
        if not _worse(scores, heap[child], heap[place]):
            break
        heap[place], heap[child] = heap[child], heap[place]
        place = child


@kernel
def _topk(scores: Array, offsets: Array, kept: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        heap = out[kept[i] : kept[i + 1]]
        size = heap.shape[0]
        for place in range(size):
            heap[place] = offsets[i] + place
        for place in range(size // 2 - 1, -1, -1):
            _sink(scores, heap, place)
        for step in range(offsets[i] + size, offsets[i + 1]):
            if size > 0 and _worse(scores, heap[0], step):
                heap[0] = step
                _sink(scores, heap, 0)
        heap.sort()


def forward(scores: Tensor, offsets: Tensor, k: int) -> Tensor:
    """Index [Σ min(k, length)] into the flat steps, rising."""
    check_lengths(offsets, steps=(scores,))
    kept = offsets_of(offsets.diff().clamp(max=k))
    out = offsets.new_empty(int(kept[-1]))
    launch(_topk, scores, offsets, kept, out)
    return out
