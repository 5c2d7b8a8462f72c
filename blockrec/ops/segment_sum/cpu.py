"""`segment_sum` on the CPU: each sample's steps lie together, so nothing is scattered."""

from __future__ import annotations

from typing import Any

from numba import prange
from torch import Tensor

from blockrec.ops.compiled import check_lengths, kernel, launch

Array = Any


@kernel
def _sum(keys: Array, weights: Array, offsets: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        out[i] = 0
        for t in range(offsets[i], offsets[i + 1]):
            for c in range(keys.shape[1]):
                out[i, c] += weights[t] * keys[t, c]


@kernel
def _sum_backward(grad: Array, keys: Array, weights: Array, offsets: Array, to_keys: Array, to_weights: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        for t in range(offsets[i], offsets[i + 1]):
            product = keys.dtype.type(0)
            for c in range(keys.shape[1]):
                product += grad[i, c] * keys[t, c]
                to_keys[t, c] = weights[t] * grad[i, c]
            to_weights[t] = product


def forward(keys: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    """Sums [b, d]."""
    check_lengths(offsets, steps=(keys, weights))
    out = keys.new_empty(offsets.shape[0] - 1, keys.shape[1])
    launch(_sum, keys, weights, offsets, out)
    return out


def backward(grad: Tensor, keys: Tensor, weights: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of the keys [Σt, d] and of the weights [Σt]."""
    to_keys, to_weights = keys.new_empty(keys.shape), weights.new_empty(weights.shape)
    launch(_sum_backward, grad, keys, weights, offsets, to_keys, to_weights)
    return to_keys, to_weights
