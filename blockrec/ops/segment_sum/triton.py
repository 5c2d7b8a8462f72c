"""`segment_sum` on the GPU: a program sums a part of one sample's steps, the parts are summed after."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from blockrec.ops import products
from blockrec.ops.gpu import Build


def forward(keys: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    """Sums [b, d]."""
    return products.run(keys, offsets, factors=weights, sums=True)[1]


def backward(grad: Tensor, keys: Tensor, weights: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of the keys [Σt, d] and of the weights [Σt]."""
    to_weights, _, to_keys = products.run(keys, offsets, vectors=grad, factors=weights, dots=True, outer=True)
    return to_keys, to_weights


def builds() -> Iterator[Build]:
    yield from products.builds("segment_sum", reads="FACTORS", writes="SUMS")
    yield from products.builds("segment_sum_backward", reads="VECTORS FACTORS", writes="DOTS OUTER")
