"""`segment_softmax` on the CPU: one pass a sample, no gathered copies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import check_lengths, kernel, launch

Array = Any


@kernel
def _softmax(scores: Array, offsets: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        start, stop = offsets[i], offsets[i + 1]
        largest = scores.dtype.type(-np.inf)
        for t in range(start, stop):
            largest = max(largest, scores[t])
        total = scores.dtype.type(0)
        for t in range(start, stop):
            out[t] = np.exp(scores[t] - largest)
            total += out[t]
        for t in range(start, stop):
            out[t] /= total


@kernel
def _softmax_backward(grad: Array, weights: Array, offsets: Array, out: Array) -> None:
    for i in prange(offsets.shape[0] - 1):
        mean = weights.dtype.type(0)
        for t in range(offsets[i], offsets[i + 1]):
            mean += weights[t] * grad[t]
        for t in range(offsets[i], offsets[i + 1]):
            out[t] = weights[t] * (grad[t] - mean)


def forward(scores: Tensor, offsets: Tensor) -> Tensor:
    """Weights [Σt]."""
    check_lengths(offsets, steps=(scores,))
    out = scores.new_empty(scores.shape)
    launch(_softmax, scores, offsets, out)
    return out


def backward(grad: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    """Gradient of the scores [Σt]."""
    out = weights.new_empty(weights.shape)
    launch(_softmax_backward, grad, weights, offsets, out)
    return out
