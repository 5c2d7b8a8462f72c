"""`rowwise_adagrad` on the GPU: a program an occurrence, of which the first of each id updates its row."""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl
from torch import Tensor

from blockrec.ops.gpu import Build, accumulator, launch, padded
from blockrec.ops.updates import OCCURRENCES, is_first, ordered, summed


@triton.jit
def _update(
    WEIGHT,
    ACCUMULATOR,
    IDS,
    PLACES,
    ENDS,
    GRADIENTS,
    lr,
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
        inside = channel < WIDTH
        gradient = summed(GRADIENTS, PLACES, n.to(tl.int64), tl.load(ENDS + n), channel, WIDTH, BT, D, ACC)
        weight = tl.load(WEIGHT + row * WIDTH + channel, mask=inside, other=0.0).to(ACC)
        gradient += DECAY * weight
        total = tl.load(ACCUMULATOR + row).to(ACC) + tl.sum(gradient * gradient, axis=0) / WIDTH
        tl.store(ACCUMULATOR + row, total.to(ACCUMULATOR.dtype.element_ty))
        moved = weight - lr / (tl.sqrt(total) + EPS) * gradient
        tl.store(WEIGHT + row * WIDTH + channel, moved.to(WEIGHT.dtype.element_ty), mask=inside)


def update(
    weight: Tensor,
    accumulator_: Tensor,
    ids: Tensor,
    gradients: Tensor,
    lr: float,
    eps: float,
    weight_decay: float,
) -> None:
    """Sort the ids, then sum and update row by row."""
    width = weight.shape[1]
    sizes = {"WIDTH": width, "D": padded(width), "BT": OCCURRENCES, "ACC": accumulator(weight)}
    options = {"EPS": eps, "DECAY": weight_decay, "num_warps": 1}
    launch(_update, (ids.shape[0],), weight, accumulator_, *ordered(ids), gradients, lr, **options, **sizes)


def builds() -> Iterator[Build]:
    types = {"WEIGHT": "*fp32", "ACCUMULATOR": "*fp32", "GRADIENTS": "*fp32", "lr": "fp32"}
    types |= {"IDS": "*i64", "PLACES": "*i64", "ENDS": "*i64"}
    for width in (16, 64):
        constants = {"EPS": 1e-8, "DECAY": 0.0, "WIDTH": width, "D": width, "BT": OCCURRENCES, "ACC": tl.float32}
        label = f"rowwise_adagrad fp32 d={width}"
        yield Build(label, _update, types, constants, warps=1, flops=6 * width, bytes=12 * width + 32)
