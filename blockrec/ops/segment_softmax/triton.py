"""`segment_softmax` on the GPU: a program a sample; its scores are read again from the cache, not from memory."""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl
from torch import Tensor

from blockrec.ops.gpu import SIZES, Build, accumulator, launch, span

TILE = 256


@triton.jit
def _softmax(SCORES, OFFSETS, OUT, BT: tl.constexpr, ACC: tl.constexpr):
    start, length = span(OFFSETS, tl.program_id(0))
    step = tl.arange(0, BT)
    largest = tl.full((BT,), float("-inf"), ACC)
    for first in tl.range(0, length, BT):
        scores = tl.load(SCORES + start + first + step, mask=first + step < length, other=float("-inf")).to(ACC)
        largest = tl.maximum(largest, scores)
    top = tl.max(largest, axis=0)
    total = tl.zeros((BT,), ACC)
    for first in tl.range(0, length, BT):
        scores = tl.load(SCORES + start + first + step, mask=first + step < length, other=float("-inf")).to(ACC)
        total += tl.exp(scores - top)
    share = tl.sum(total, axis=0)
    for first in tl.range(0, length, BT):
        own = first + step < length
        scores = tl.load(SCORES + start + first + step, mask=own, other=float("-inf")).to(ACC)
        weights = tl.exp(scores - top) / share
        tl.store(OUT + start + first + step, weights.to(OUT.dtype.element_ty), mask=own)


@triton.jit
def _softmax_backward(GRAD, WEIGHTS, OFFSETS, OUT, BT: tl.constexpr, ACC: tl.constexpr):
    start, length = span(OFFSETS, tl.program_id(0))
    step = tl.arange(0, BT)
    products = tl.zeros((BT,), ACC)
    for first in tl.range(0, length, BT):
        own, place = first + step < length, start + first + step
        weights = tl.load(WEIGHTS + place, mask=own, other=0.0).to(ACC)
        products += weights * tl.load(GRAD + place, mask=own, other=0.0).to(ACC)
    mean = tl.sum(products, axis=0)
    for first in tl.range(0, length, BT):
        own, place = first + step < length, start + first + step
        weights = tl.load(WEIGHTS + place, mask=own, other=0.0).to(ACC)
        grad = tl.load(GRAD + place, mask=own, other=0.0).to(ACC)
        tl.store(OUT + place, (weights * (grad - mean)).to(OUT.dtype.element_ty), mask=own)


def forward(scores: Tensor, offsets: Tensor) -> Tensor:
    """Weights [Σt]."""
    out = scores.new_empty(scores.shape)
    launch(_softmax, (offsets.shape[0] - 1,), scores, offsets, out, BT=TILE, ACC=accumulator(scores))
    return out


def backward(grad: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    """Gradient of the scores [Σt]."""
    out = weights.new_empty(weights.shape)
    launch(_softmax_backward, (offsets.shape[0] - 1,), grad, weights, offsets, out, BT=TILE, ACC=accumulator(weights))
    return out


def builds() -> Iterator[Build]:
    constants = {"BT": TILE, "ACC": tl.float32}
    for number in ("fp32", "fp16"):
        types = {"SCORES": f"*{number}", "OFFSETS": "*i64", "OUT": f"*{number}"}
        size = SIZES[number]
        yield Build(f"segment_softmax {number}", _softmax, types, constants, flops=5, bytes=2 * size)
        types = {"GRAD": f"*{number}", "WEIGHTS": f"*{number}", "OFFSETS": "*i64", "OUT": f"*{number}"}
        yield Build(f"segment_softmax_backward {number}", _softmax_backward, types, constants, flops=4, bytes=3 * size)
