"""`target_linear` on the GPU: one product a step, by weights into which the sample's query is folded.

key Wkᵀ + (query · key) Wpᵀ = key (Wk + Wp diag(query))ᵀ: the second matrix is made in registers. Gradients of the
weights are sums over all steps, which torch's products do best.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from torch import Tensor

from blockrec.jagged import rows_of
from blockrec.ops import products
from blockrec.ops.gpu import SIZES, Build, accumulated, accumulator, launch, padded, parts, precision, span

LARGEST = {True: (64, 64, 64), False: (32, 32, 32)}
"""Steps, channels and units of a tile, by whether numbers have 16 bits: larger ones would spill."""


@triton.jit
def _layer(
    QUERY,
    KEYS,
    ONCE,
    OF_KEY,
    OF_PRODUCT,
    OFFSETS,
    OUT,
    Q: tl.constexpr,
    D: tl.constexpr,
    H: tl.constexpr,
    BT: tl.constexpr,
    BD: tl.constexpr,
    BH: tl.constexpr,
    ACC: tl.constexpr,
    PRECISION: tl.constexpr,
):
    i, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    start, length = span(OFFSETS, i)
    unit = tl.program_id(2) * BH + tl.arange(0, BH)
    once = tl.load(ONCE + i * H + unit, mask=unit < H, other=0.0).to(ACC)
    for first in tl.range(part * BT, length, tl.num_programs(1) * BT):
        step = first + tl.arange(0, BT)
        own = step < length
        total = tl.zeros((BT, BH), ACC)
        for left in tl.static_range(0, D, BD):
            channel = left + tl.arange(0, BD)
            asked, both = channel < Q, (channel < D)[:, None] & (unit < H)[None, :]
            place = (start + step)[:, None] * D + channel[None, :]
            keys = tl.load(KEYS + place, mask=own[:, None] & (channel < D)[None, :], other=0.0)
            query = tl.load(QUERY + i * Q + channel, mask=asked, other=0.0).to(ACC)
            of_key = tl.load(OF_KEY + unit[None, :] * D + channel[:, None], mask=both, other=0.0)
            of_product = tl.load(
                OF_PRODUCT + unit[None, :] * Q + channel[:, None], mask=both & asked[:, None], other=0.0
            )
            folded = of_key.to(ACC) + query[:, None] * of_product.to(ACC)
            total = tl.dot(keys, folded.to(keys.dtype), total, input_precision=PRECISION, out_dtype=ACC)
        place = (start + step)[:, None] * H + unit[None, :]
        out = (total + once[None, :]).to(OUT.dtype.element_ty)
        tl.store(OUT + place, out, mask=own[:, None] & (unit < H)[None, :])


@triton.jit
def _layer_backward(
    GRAD,
    QUERY,
    KEYS,
    OF_KEY,
    OF_PRODUCT,
    OFFSETS,
    TO_QUERY,
    TO_KEYS,
    Q: tl.constexpr,
    D: tl.constexpr,
    H: tl.constexpr,
    BT: tl.constexpr,
    BD: tl.constexpr,
    BH: tl.constexpr,
    ACC: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Gradients of the keys, and of the query in parts."""
    i, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    start, length = span(OFFSETS, i)
    channel = tl.program_id(2) * BD + tl.arange(0, BD)
    asked, inside = channel < Q, channel < D
    query = tl.load(QUERY + i * Q + channel, mask=asked, other=0.0).to(ACC)
    to_query = tl.zeros((BD,), ACC)
    for first in tl.range(part * BT, length, tl.num_programs(1) * BT):
        step = first + tl.arange(0, BT)
        own = step < length
        plain, mixed = tl.zeros((BT, BD), ACC), tl.zeros((BT, BD), ACC)
        for top in tl.static_range(0, H, BH):
            unit = top + tl.arange(0, BH)
            real = unit < H
            place = (start + step)[:, None] * H + unit[None, :]
            grad = tl.load(GRAD + place, mask=own[:, None] & real[None, :], other=0.0)
            weight = OF_KEY + unit[:, None] * D + channel[None, :]
            of_key = tl.load(weight, mask=real[:, None] & inside[None, :], other=0.0)
            weight = OF_PRODUCT + unit[:, None] * Q + channel[None, :]
            of_product = tl.load(weight, mask=real[:, None] & asked[None, :], other=0.0)
            plain = tl.dot(grad, of_key, plain, input_precision=PRECISION, out_dtype=ACC)
            mixed = tl.dot(grad, of_product, mixed, input_precision=PRECISION, out_dtype=ACC)
        place = (start + step)[:, None] * D + channel[None, :]
        both = own[:, None] & inside[None, :]
        keys = tl.load(KEYS + place, mask=both, other=0.0).to(ACC)
        to_query += tl.sum(mixed * keys, axis=0)
        tl.store(TO_KEYS + place, (plain + mixed * query[None, :]).to(TO_KEYS.dtype.element_ty), mask=both)
    tl.store(TO_QUERY + (part * tl.num_programs(0) + i) * Q + channel, to_query, mask=asked)


def _constants(q: int, d: int, h: int, size: int) -> dict[str, int]:
    """Sizes and tiles; size: bytes of a number."""
    steps, channels, units = LARGEST[size == 2]
    return {"Q": q, "D": d, "H": h, "BT": steps, "BD": min(channels, padded(d, 16)), "BH": min(units, padded(h, 16))}


def forward(query: Tensor, keys: Tensor, once: Tensor, of_key: Tensor, of_product: Tensor, offsets: Tensor) -> Tensor:
    """The layer [Σt, h]."""
    samples, (total, d), h = offsets.shape[0] - 1, keys.shape, once.shape[1]
    sizes, out = _constants(query.shape[1], d, h, keys.element_size()), keys.new_empty(total, h)
    grid = (samples, parts(samples, total, sizes["BT"]), triton.cdiv(h, sizes["BH"]))
    given = (query, keys, once, of_key, of_product, offsets, out)
    launch(_layer, grid, *given, **sizes, ACC=accumulator(keys), PRECISION=precision(keys))
    return out


def backward(
    grad: Tensor, query: Tensor, keys: Tensor, of_key: Tensor, of_product: Tensor, offsets: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of query, keys, once, of_key and of_product."""
    samples, (total, d), q = offsets.shape[0] - 1, keys.shape, query.shape[1]
    sizes = _constants(q, d, grad.shape[1], keys.element_size())
    shared = parts(samples, total, sizes["BT"])
    partial = query.new_empty((shared, samples, q), dtype=accumulated(query))
    to_keys = keys.new_empty(keys.shape)
    given = (grad, query, keys, of_key, of_product, offsets, partial, to_keys)
    grid = (samples, shared, triton.cdiv(d, sizes["BD"]))
    launch(_layer_backward, grid, *given, **sizes, ACC=accumulator(keys), PRECISION=precision(keys))
    to_once = products.run(grad, offsets, factors=grad.new_ones(total), sums=True)[1]
    product = keys[:, :q] * query[rows_of(offsets, total)]
    to_query = partial.sum(0).to(query.dtype)
    return to_query, to_keys, to_once, torch.mm(grad.t(), keys), torch.mm(grad.t(), product)


SHIPPED = [
    ("fp16", "ieee", (32, 32, 64)),
    ("fp16", "ieee", (128, 128, 128)),
    ("bf16", "ieee", (64, 64, 64)),
    ("fp32", "tf32", (64, 64, 64)),
    ("fp32", "tf32x3", (64, 64, 64)),
]


def builds() -> Iterator[Build]:
    for number, exactness, (q, d, h) in SHIPPED:
        constants = {**_constants(q, d, h, SIZES[number]), "ACC": tl.float32, "PRECISION": exactness}
        inputs = dict.fromkeys(("QUERY", "KEYS", "OF_KEY", "OF_PRODUCT"), f"*{number}") | {"OFFSETS": "*i64"}
        label = f"{number if exactness == 'ieee' else exactness} d={d} h={h}"
        types = inputs | {"ONCE": f"*{number}", "OUT": f"*{number}"}
        work, moved = 2 * d * h, SIZES[number] * (d + h)
        yield Build(f"target_linear {label}", _layer, types, constants, flops=work, bytes=moved)
        types = inputs | {"GRAD": f"*{number}", "TO_KEYS": f"*{number}", "TO_QUERY": "*fp32"}
        work, moved = 4 * d * h, SIZES[number] * (2 * d + h)
        yield Build(f"target_linear_backward {label}", _layer_backward, types, constants, flops=work, bytes=moved)
