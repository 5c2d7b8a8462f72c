"""`outer_rows` on the GPU: a program a distinct id, however often it occurs."""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl
from torch import Tensor

from blockrec.ops.gpu import SIZES, Build, accumulator, launch, padded
from blockrec.ops.occurrences import grouped
from blockrec.ops.updates import OCCURRENCES


@triton.jit
def _sum(
    COEFS,
    VECTORS,
    ROWS,
    PLACES,
    STARTS,
    OUT,
    WIDTH: tl.constexpr,
    D: tl.constexpr,
    BT: tl.constexpr,
    ACC: tl.constexpr,
):
    u, channel = tl.program_id(0).to(tl.int64), tl.arange(0, D)
    start, end = tl.load(STARTS + u), tl.load(STARTS + u + 1)
    inside = channel < WIDTH
    total = tl.zeros((BT, D), ACC)
    for first in tl.range(start, end, BT):
        occurrence = first + tl.arange(0, BT)
        own = occurrence < end
        place = tl.load(PLACES + occurrence, mask=own, other=0)
        coef = tl.load(COEFS + place, mask=own, other=0.0).to(ACC)
        row = tl.load(ROWS + place, mask=own, other=0)
        both = own[:, None] & inside[None, :]
        total += coef[:, None] * tl.load(VECTORS + row[:, None] * WIDTH + channel[None, :], mask=both, other=0.0).to(
            ACC
        )
    tl.store(OUT + u * WIDTH + channel, tl.sum(total, axis=0).to(OUT.dtype.element_ty), mask=inside)


def forward(coefs: Tensor, vectors: Tensor, rows: Tensor, ids: Tensor, _height: int) -> tuple[Tensor, Tensor]:
    """Sort the ids, then sum id by id. Waits for the device, to learn how many distinct ids there are."""
    distinct, places, starts = grouped(ids)
    width, out = vectors.shape[1], vectors.new_empty(distinct.shape[0], vectors.shape[1])
    sizes = {"WIDTH": width, "D": padded(width), "BT": OCCURRENCES, "ACC": accumulator(vectors)}
    launch(_sum, (distinct.shape[0],), coefs, vectors, rows, places, starts, out, **sizes, num_warps=1)
    return distinct, out


def builds() -> Iterator[Build]:
    for number, width in (("fp32", 16), ("fp32", 64), ("fp16", 64)):
        types = dict.fromkeys(("COEFS", "VECTORS", "OUT"), f"*{number}") | dict.fromkeys(
            ("ROWS", "PLACES", "STARTS"), "*i64"
        )
        constants = {"WIDTH": width, "D": padded(width), "BT": OCCURRENCES, "ACC": tl.float32}
        moved = SIZES[number] * (width + 1) + 12
        yield Build(f"outer_rows {number} d={width}", _sum, types, constants, warps=1, flops=2 * width, bytes=moved)
