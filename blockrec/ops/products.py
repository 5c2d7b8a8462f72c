"""Products of the steps of each sample with its vector, on the GPU: the kernel of `target_dot` and `segment_sum`.

Each is the other's backward: `target_dot` is a dot a step, whose gradients are a sum and an outer product;
`segment_sum` is a sum, whose gradients are a dot and an outer product. Steps are read once, in place of copies also
where they are rows of a table (`looked_dot`, `looked_sum`).
"""

from __future__ import annotations

from collections.abc import Iterator

import triton
import triton.language as tl
from torch import Tensor

from blockrec.ops.gpu import SIZES, Build, accumulated, accumulator, launch, padded, parts, span

LARGEST_TILE = 64


@triton.jit
def products(
    VECTORS,
    STEPS,
    FACTORS,
    IDS,
    OFFSETS,
    DOTS,
    SUMS,
    OUTER,
    WIDTH: tl.constexpr,
    D: tl.constexpr,
    BT: tl.constexpr,
    ACC: tl.constexpr,
):
    """dot_t = ⟨vector, step_t⟩, sum = Σ_t factor_t · step_t, outer_t = factor_t · vector: those that have a place.

    With ids a step is that row of `STEPS`, a table.
    """
    i, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    start, length = span(OFFSETS, i)
    channel = tl.arange(0, D)
    inside = channel < WIDTH
    total = tl.zeros((D,), ACC)
    if VECTORS is not None:
        vector = tl.load(VECTORS + i * WIDTH + channel, mask=inside, other=0.0).to(ACC)
    for first in tl.range(part * BT, length, tl.num_programs(1) * BT):
        step = first + tl.arange(0, BT)
        own = step < length
        row = start + step
        if IDS is not None:
            row = tl.load(IDS + row, mask=own, other=0).to(tl.int64)
        place = row[:, None] * WIDTH + channel[None, :]
        both = own[:, None] & inside[None, :]
        steps = tl.load(STEPS + place, mask=both, other=0.0).to(ACC)
        if DOTS is not None:
            dots = tl.sum(steps * vector[None, :], axis=1)
            tl.store(DOTS + start + step, dots.to(DOTS.dtype.element_ty), mask=own)
        if FACTORS is not None:
            factor = tl.load(FACTORS + start + step, mask=own, other=0.0).to(ACC)
            if SUMS is not None:
                total += tl.sum(steps * factor[:, None], axis=0)
            if OUTER is not None:
                tl.store(OUTER + place, (factor[:, None] * vector[None, :]).to(OUTER.dtype.element_ty), mask=both)
    if SUMS is not None:
        tl.store(SUMS + (part * tl.num_programs(0) + i) * WIDTH + channel, total, mask=inside)


def tile(width: int) -> int:
    """Steps that a program reads at a time, so that a tile has at most 2,048 numbers: more would spill."""
    return max(1, min(LARGEST_TILE, 2048 // padded(width)))


def run(
    steps: Tensor,
    offsets: Tensor,
    *,
    vectors: Tensor | None = None,
    factors: Tensor | None = None,
    ids: Tensor | None = None,
    dots: bool = False,
    sums: bool = False,
    outer: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """(dots [Σt], sums [b, d], outer [Σt, d]); what is not asked for is empty.

    ids [Σt]: `steps` is a table of which these rows are read; then dots have as many bits as sums, since dots with
    several tables are added.
    """
    samples, width, total = offsets.shape[0] - 1, steps.shape[1], (steps if ids is None else ids).shape[0]
    acc, size = accumulator(steps), tile(width)
    shared = parts(samples, total, size)
    to_dots = steps.new_empty(total if dots else 0, dtype=None if ids is None else accumulated(steps))
    partial = steps.new_empty((shared, samples, width), dtype=accumulated(steps)) if sums else None
    to_outer = steps.new_empty(steps.shape if outer else (0,))
    given = (vectors, steps, factors, ids, offsets, to_dots if dots else None, partial, to_outer if outer else None)
    launch(products, (samples, shared), *given, WIDTH=width, D=padded(width), BT=size, ACC=acc)
    summed = steps.new_empty(0) if partial is None else partial.sum(0).to(steps.dtype)
    return to_dots, summed, to_outer


def builds(op: str, *, reads: str, writes: str) -> Iterator[Build]:
    """What an op ships of the kernel: reads and writes name the arguments that it gives."""
    for number, width in (("fp32", 16), ("fp32", 64), ("fp16", 64)):
        given = {name: f"*{number}" for name in (*reads.split(), *writes.split()) if name != "SUMS"}
        given |= {"SUMS": "*fp32"} if "SUMS" in writes else {}
        given |= {"IDS": "*i64"} | ({"DOTS": "*fp32"} if "DOTS" in writes else {}) if "IDS" in reads else {}
        absent = {name: None for name in ("VECTORS", "FACTORS", "IDS", "DOTS", "SUMS", "OUTER") if name not in given}
        constants = {"WIDTH": width, "D": padded(width), "BT": tile(width), "ACC": tl.float32} | absent
        passes = 1 + ("OUTER" in given)
        one = width * passes + ("FACTORS" in given) + ("DOTS" in given)
        work = 2 * width * (("DOTS" in given) + ("SUMS" in given)) + width * ("OUTER" in given)
        types = {"STEPS": f"*{number}", "OFFSETS": "*i64", **given}
        moved = SIZES[number] * one + 8 * ("IDS" in given)
        yield Build(f"{op} {number} d={width}", products, types, constants, flops=work, bytes=moved)
