"""`segment_topk` on the GPU: the k-th best score found bit by bit, then one sweep that keeps what is not worse."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from torch import Tensor

from blockrec.jagged import offsets_of
from blockrec.ops.gpu import Build, accumulated, launch, span

TILE = 256


@triton.jit
def _keys(SCORES, place, own, BITS: tl.constexpr):
    """Scores as unsigned integers in the same order; both zeros are one, and no step is below the least of them."""
    scores = tl.load(SCORES + place, mask=own, other=0.0)
    if BITS == 64:
        bits = tl.where(scores == 0, 0.0, scores).to(tl.uint64, bitcast=True)
    else:
        bits = tl.where(scores == 0, 0.0, scores.to(tl.float32)).to(tl.uint32, bitcast=True)
    negative = (bits >> (BITS - 1)) == 1
    top = tl.full((), 1, bits.dtype) << (BITS - 1)
    return tl.where(negative, bits ^ (top + (top - 1)), bits | top)


@triton.jit
def _topk(SCORES, OFFSETS, KEPT, OUT, BT: tl.constexpr, BITS: tl.constexpr):
    """The largest number that k steps reach is the k-th best; of steps equal to it the last ones fill up to k."""
    i = tl.program_id(0)
    start, length = span(OFFSETS, i)
    place, k = span(KEPT, i)
    step = tl.arange(0, BT)
    one = tl.full((), 1, tl.uint64 if BITS == 64 else tl.uint32)
    bound = one - one
    for level in tl.range(0, BITS):
        tried = bound | (one << (BITS - 1 - level))
        reach = tl.zeros((BT,), tl.int32)
        for first in tl.range(0, length, BT):
            own = first + step < length
            reach += (own & (_keys(SCORES, start + first + step, own, BITS) >= tried)).to(tl.int32)
        bound = tl.where(tl.sum(reach, axis=0) >= k, tried, bound)
    better, equal = tl.zeros((BT,), tl.int32), tl.zeros((BT,), tl.int32)
    for first in tl.range(0, length, BT):
        own = first + step < length
        keys = _keys(SCORES, start + first + step, own, BITS)
        better += (own & (keys > bound)).to(tl.int32)
        equal += (own & (keys == bound)).to(tl.int32)
    passed_over = tl.sum(equal, axis=0) - (k - tl.sum(better, axis=0))
    for first in tl.range(0, length, BT):
        own = first + step < length
        keys = _keys(SCORES, start + first + step, own, BITS)
        ties = (own & (keys == bound)).to(tl.int32)
        late = tl.cumsum(ties, axis=0) > passed_over
        kept = own & ((keys > bound) | ((keys == bound) & late))
        count = kept.to(tl.int32)
        tl.store(OUT + place + tl.cumsum(count, axis=0) - 1, start + first + step, mask=kept)
        place += tl.sum(count, axis=0)
        passed_over -= tl.sum(ties, axis=0)


def forward(scores: Tensor, offsets: Tensor, k: int) -> Tensor:
    """Index [Σ min(k, length)] into the flat steps, rising. Waits for the device, to learn how many there are."""
    kept = offsets_of(offsets.diff().clamp(max=k))
    out = offsets.new_empty(int(kept[-1]))
    bits = 64 if accumulated(scores) == torch.float64 else 32
    launch(_topk, (offsets.shape[0] - 1,), scores, offsets, kept, out, BT=TILE, BITS=bits)
    return out


def builds() -> Iterator[Build]:
    types = {"SCORES": "*fp32", "OFFSETS": "*i64", "KEPT": "*i64", "OUT": "*i64"}
    yield Build("segment_topk fp32", _topk, types, {"BT": TILE, "BITS": 32}, flops=32, bytes=4)
