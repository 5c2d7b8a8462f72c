"""`target_linear` on the CPU: torch's products on the exact rows, the element-wise parts in one pass each."""

from __future__ import annotations

from typing import Any

import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import check_lengths, kernel, launch

Array = Any


@kernel
def _product(query: Array, keys: Array, offsets: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        for t in range(offsets[i], offsets[i + 1]):
            for c in range(query.shape[1]):
                out[t, c] = query[i, c] * keys[t, c]


@kernel
def _add_once(once: Array, offsets: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        for t in range(offsets[i], offsets[i + 1]):
            for c in range(once.shape[1]):
                out[t, c] += once[i, c]


@kernel
def _sum_steps(grad: Array, offsets: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        out[i] = 0
        for t in range(offsets[i], offsets[i + 1]):
            for c in range(grad.shape[1]):
                out[i, c] += grad[t, c]


@kernel
def _product_backward(grad: Array, query: Array, keys: Array, offsets: Array, to_query: Array, to_keys: Array) -> None:
    """Adds to `to_keys`, which holds the gradient of the other product."""
    for i in prange(offsets.shape[0] - 1):
        to_query[i] = 0
        for t in range(offsets[i], offsets[i + 1]):
            for c in range(query.shape[1]):
                to_query[i, c] += grad[t, c] * keys[t, c]
                to_keys[t, c] += grad[t, c] * query[i, c]


def forward(query: Tensor, keys: Tensor, once: Tensor, of_key: Tensor, of_product: Tensor, offsets: Tensor) -> Tensor:
    """The layer [Σt, h]."""
    check_lengths(offsets, steps=(keys,), samples=(query, once))
    out = torch.mm(keys, of_key.t()).addmm_(_products(query, keys, offsets), of_product.t())
    launch(_add_once, once, offsets, out)
    return out


def _products(query: Tensor, keys: Tensor, offsets: Tensor) -> Tensor:
    """query · key [Σt, q]: cheaper to compute again than to keep for the backward pass."""
    out = keys.new_empty(keys.shape[0], query.shape[1])
    launch(_product, query, keys, offsets, out)
    return out


def backward(
    grad: Tensor, query: Tensor, keys: Tensor, of_key: Tensor, of_product: Tensor, offsets: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients of query, keys, once, of_key and of_product."""
    grad = grad.contiguous()
    to_query, to_once = query.new_empty(query.shape), query.new_empty(query.shape[0], grad.shape[1])
    launch(_sum_steps, grad, offsets, to_once)
    to_keys = torch.mm(grad, of_key)
    to_product = torch.mm(grad.t(), _products(query, keys, offsets))
    launch(_product_backward, torch.mm(grad, of_product), query, keys, offsets, to_query, to_keys)
    return to_query, to_keys, to_once, torch.mm(grad.t(), keys), to_product
