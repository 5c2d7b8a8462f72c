"""`target_dot` on the CPU: the query is read in place, never repeated along the sequence."""

from __future__ import annotations

from typing import Any

from numba import prange
from torch import Tensor

from blockrec.ops.compiled import check_lengths, kernel, launch

Array = Any


@kernel
def _dot(query: Array, keys: Array, offsets: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        for t in range(offsets[i], offsets[i + 1]):
            product = keys.dtype.type(0)
            for c in range(keys.shape[1]):
                product += query[i, c] * keys[t, c]
            out[t] = product


@kernel
def _dot_backward(grad: Array, query: Array, keys: Array, offsets: Array, to_query: Array, to_keys: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        to_query[i] = 0
        for t in range(offsets[i], offsets[i + 1]):
            for c in range(keys.shape[1]):
                to_query[i, c] += grad[t] * keys[t, c]
                to_keys[t, c] = grad[t] * query[i, c]


def forward(query: Tensor, keys: Tensor, offsets: Tensor) -> Tensor:
    """Scores [Σt]."""
    check_lengths(offsets, steps=(keys,), samples=(query,))
    if query.shape[1] != keys.shape[1]:
        raise ValueError(f"the query has width {query.shape[1]}, the keys have {keys.shape[1]}")
    out = keys.new_empty(keys.shape[0])
    launch(_dot, query, keys, offsets, out)
    return out


def backward(grad: Tensor, query: Tensor, keys: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of the query [b, d] and of the keys [Σt, d]."""
    to_query, to_keys = query.new_empty(query.shape), keys.new_empty(keys.shape)
    launch(_dot_backward, grad, query, keys, offsets, to_query, to_keys)
    return to_query, to_keys
