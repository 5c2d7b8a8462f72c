"""`lazy_adam` on the GPU: a program an occurrence, of which the first of each id updates its row."""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl
from torch import Tensor

from blockrec.ops.gpu import Build, accumulator, launch, padded
from blockrec.ops.updates import OCCURRENCES, is_first, ordered, summed


@triton.jit
def _power(BASE: tl.constexpr, count):
    """BASE to the power of a whole number, in 64 bits: 1 − β^count cancels in 32."""
    base, out = tl.full((), BASE, tl.float64), tl.full((), 1.0, tl.float64)
    while count > 0:
        out = tl.where(count % 2 == 1, out * base, out)
        base *= base
        count = count // 2
    return out


@triton.jit
def _update(
    WEIGHT,
    MEAN,
    SQUARE,
    STEP,
    IDS,
    PLACES,
    ENDS,
    GRADIENTS,
    lr,
    BETA1: tl.constexpr,
    BETA2: tl.constexpr,
    EPS: tl.constexpr,
    DECAY: tl.constexpr,
    WIDTH: tl.constexpr,
    D: tl.constexpr,
    BT: tl.constexpr,
    ACC: tl.constexpr,
):
    n = tl.program_id(0)
    if is_first(IDS, n):
        row, channel = tl.load(IDS + n), tl.arange(0, D)
        inside, place = channel < WIDTH, row * WIDTH + channel
        gradient = summed(GRADIENTS, PLACES, n.to(tl.int64), tl.load(ENDS + n), channel, WIDTH, BT, D, ACC)
        weight = tl.load(WEIGHT + place, mask=inside, other=0.0).to(ACC)
        gradient += DECAY * weight
        count = tl.load(STEP + row) + 1
        mean = BETA1 * tl.load(MEAN + place, mask=inside, other=0.0).to(ACC) + (1 - BETA1) * gradient
        square = BETA2 * tl.load(SQUARE + place, mask=inside, other=0.0).to(ACC) + (1 - BETA2) * gradient * gradient
        rate = lr / (1 - _power(BETA1, count)).to(ACC)
        correction = tl.sqrt((1 - _power(BETA2, count)).to(ACC))
        moved = weight - rate * mean / (tl.sqrt(square) / correction + EPS)
        tl.store(STEP + row, count)
        tl.store(MEAN + place, mean.to(MEAN.dtype.element_ty), mask=inside)
        tl.store(SQUARE + place, square.to(SQUARE.dtype.element_ty), mask=inside)
        tl.store(WEIGHT + place, moved.to(WEIGHT.dtype.element_ty), mask=inside)


def update(
    weight: Tensor,
    mean: Tensor,
    square: Tensor,
    step: Tensor,
    ids: Tensor,
    gradients: Tensor,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
) -> None:
    """Sort the ids, then sum and update row by row."""
    width = weight.shape[1]
    sizes = {"WIDTH": width, "D": padded(width), "BT": OCCURRENCES, "ACC": accumulator(weight)}
    options = {"BETA1": beta1, "BETA2": beta2, "EPS": eps, "DECAY": weight_decay, "num_warps": 1}
    state = (weight, mean, square, step)
    launch(_update, (ids.shape[0],), *state, *ordered(ids), gradients, lr, **options, **sizes)


def builds() -> Iterator[Build]:
    types = dict.fromkeys(("WEIGHT", "MEAN", "SQUARE", "GRADIENTS"), "*fp32") | {"STEP": "*i32", "lr": "fp32"}
    types |= {"IDS": "*i64", "PLACES": "*i64", "ENDS": "*i64"}
    options = {"BETA1": 0.9, "BETA2": 0.999, "EPS": 1e-8, "DECAY": 0.0}
    for width in (16, 64):
        constants = options | {"WIDTH": width, "D": width, "BT": OCCURRENCES, "ACC": tl.float32}
        label = f"lazy_adam fp32 d={width}"
        yield Build(label, _update, types, constants, warps=1, flops=14 * width, bytes=28 * width + 32)
