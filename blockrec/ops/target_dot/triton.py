"""`target_dot` on the GPU: the query stays in registers while its sample's keys go by."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from blockrec.ops import products
from blockrec.ops.gpu import Build


def forward(query: Tensor, keys: Tensor, offsets: Tensor) -> Tensor:
    """Scores [Σt]."""
    return products.run(keys, offsets, vectors=query, dots=True)[0]


def backward(grad: Tensor, query: Tensor, keys: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of the query [b, d] and of the keys [Σt, d]."""
    return products.run(keys, offsets, vectors=query, factors=grad, sums=True, outer=True)[1:]


def builds() -> Iterator[Build]:
    yield from products.builds("target_dot", reads="VECTORS", writes="DOTS")
    yield from products.builds("target_dot_backward", reads="VECTORS FACTORS", writes="SUMS OUTER")
