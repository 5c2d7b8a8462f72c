"""`sum_rows` on the GPU: a program a distinct id."""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl
from torch import Tensor

from blockrec.ops.gpu import Build, accumulator, launch, padded
from blockrec.ops.occurrences import grouped
from blockrec.ops.updates import OCCURRENCES, summed


@triton.jit
def _sum(GRADIENTS, PLACES, STARTS, OUT, WIDTH: tl.constexpr, D: tl.constexpr, BT: tl.constexpr, ACC: tl.constexpr):
    u, channel = tl.program_id(0).to(tl.int64), tl.arange(0, D)
    total = summed(GRADIENTS, PLACES, tl.load(STARTS + u), tl.load(STARTS + u + 1), channel, WIDTH, BT, D, ACC)
    tl.store(OUT + u * WIDTH + channel, total.to(OUT.dtype.element_ty), mask=channel < WIDTH)


def forward(ids: Tensor, gradients: Tensor, _height: int) -> tuple[Tensor, Tensor]:
    """Sort the ids, then sum row by row. Waits for the device, to learn how many distinct ids there are."""
    rows, places, starts = grouped(ids)
    width, out = gradients.shape[1], gradients.new_empty(rows.shape[0], gradients.shape[1])
    sizes = {"WIDTH": width, "D": padded(width), "BT": OCCURRENCES, "ACC": accumulator(gradients)}
    launch(_sum, (rows.shape[0],), gradients, places, starts, out, **sizes, num_warps=1)
    return rows, out


def builds() -> Iterator[Build]:
    types = {"GRADIENTS": "*fp32", "PLACES": "*i64", "STARTS": "*i64", "OUT": "*fp32"}
    for width in (16, 64):
        constants = {"WIDTH": width, "D": width, "BT": OCCURRENCES, "ACC": tl.float32}
        yield Build(f"sum_rows fp32 d={width}", _sum, types, constants, warps=1, flops=width, bytes=8 * width + 16)
