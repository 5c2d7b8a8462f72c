"""`target_score` on the CPU: torch's products on the exact rows, what lies between them in one pass each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import check_lengths, kernel, launch

Array = Any


@kernel
def _beside(query: Array, keys: Array, offsets: Array, out: Array) -> None:
    """out_t = [key_t ‖ query · key_t]."""
    d = keys.shape[1]
    for i in prange(offsets.shape[0] - 1):
        for t in range(offsets[i], offsets[i + 1]):
            for c in range(d):
                out[t, c] = keys[t, c]
            for c in range(query.shape[1]):
                out[t, d + c] = query[i, c] * keys[t, c]


@kernel
def _beside_backward(grad: Array, query: Array, keys: Array, offsets: Array, to_query: Array, to_keys: Array) -> None:
    d = keys.shape[1]
    for i in prange(offsets.shape[0] - 1):
        to_query[i] = 0
        for t in range(offsets[i], offsets[i + 1]):
            for c in range(d):
                to_keys[t, c] = grad[t, c]
            for c in range(query.shape[1]):
                to_query[i, c] += grad[t, d + c] * keys[t, c]
                to_keys[t, c] += grad[t, d + c] * query[i, c]


@kernel
def _bend(bias: Array, slope: float, offsets: Array, steps: Array) -> None:
    """Adds the bias, of each sample or of all, then bends what is negative, in place."""
    below, each = steps.dtype.type(slope), np.int64(bias.shape[0] > 1)
    for i in prange(offsets.shape[0] - 1):
        row = np.int64(i) * each
        for t in range(offsets[i], offsets[i + 1]):
            for h in range(steps.shape[1]):
                x = steps[t, h] + bias[row, h]
                steps[t, h] = x if x > 0 else below * x


@kernel
def _bend_backward(grad: Array, steps: Array, slope: float, offsets: Array, to_bias: Array, to_slope: Array) -> None:
    """In place; to_bias [b, h] and to_slope [b] are sums over the steps of a sample."""
    below, zero = grad.dtype.type(slope), grad.dtype.type(0)
    for i in prange(offsets.shape[0] - 1):
        to_bias[i] = 0
        total = zero
        for t in range(offsets[i], offsets[i + 1]):
            for h in range(grad.shape[1]):
                positive = steps[t, h] > 0
                total += zero if positive else grad[t, h] * steps[t, h]
                grad[t, h] *= 1 if positive else below
                to_bias[i, h] += grad[t, h]
        to_slope[i] = total


@kernel
def _last(bias: Array, slope: float, weight: Array, constant: Array, offsets: Array, steps: Array, out: Array) -> None:
    """Adds the bias in place; out = weight · bent + constant."""
    below, each = steps.dtype.type(slope), np.int64(bias.shape[0] > 1)
    for i in prange(offsets.shape[0] - 1):
        row = np.int64(i) * each
        for t in range(offsets[i], offsets[i + 1]):
            total = constant[0]
            for h in range(steps.shape[1]):
                x = steps[t, h] + bias[row, h]
                steps[t, h] = x
                total += weight[0, h] * (x if x > 0 else below * x)
            out[t] = total


@kernel
def _last_backward(
    grad: Array,
    weight: Array,
    steps: Array,
    slope: float,
    offsets: Array,
    out: Array,
    to_bias: Array,
    to_weight: Array,
    to_slope: Array,
) -> None:
    """What `_last` was given, in sums over the steps of a sample: to_bias, to_weight [b, h] and to_slope [b]."""
    below, zero = out.dtype.type(slope), out.dtype.type(0)
    for i in prange(offsets.shape[0] - 1):
        to_bias[i] = 0
        to_weight[i] = 0
        total = zero
        for t in range(offsets[i], offsets[i + 1]):
            for h in range(steps.shape[1]):
                x, g = steps[t, h], grad[t] * weight[0, h]
                positive = x > 0
                total += zero if positive else g * x
                moved = g if positive else below * g
                out[t, h] = moved
                to_bias[i, h] += moved
                to_weight[i, h] += grad[t] * (x if positive else below * x)
        to_slope[i] = total


def forward(
    query: Tensor,
    keys: Tensor,
    once: Tensor,
    of_step: Tensor,
    offsets: Tensor,
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    slopes: Sequence[Tensor],
    slope: float,
) -> list[Tensor]:
    """Scores [Σt], then what `backward` reads: the first layer's input, each later one's, and what learned slopes bent.

    The last hidden layer is kept as it was before it was bent.
    """
    check_lengths(offsets, steps=(keys,), samples=(query, once))
    both = keys.new_empty(keys.shape[0], keys.shape[1] + query.shape[1])
    launch(_beside, query, keys, offsets, both)
    steps, bias = torch.mm(both, of_step.t()), once
    inputs, bent = [both], []
    for layer, weight in enumerate(weights[:-1]):
        launch(_bend, bias, slope, offsets, steps)
        if slopes:
            bent.append(steps)
            steps = torch.nn.functional.prelu(steps, slopes[layer])
        inputs.append(steps)
        steps, bias = torch.mm(steps, weight.t()), biases[layer].unsqueeze(0)
    out = keys.new_empty(keys.shape[0])
    launch(_last, bias, _slope(slopes, slope, -1), weights[-1], biases[-1], offsets, steps, out)
    return [out, *inputs, *bent, steps]


def backward(
    grad: Tensor,
    query: Tensor,
    keys: Tensor,
    of_step: Tensor,
    offsets: Tensor,
    weights: Sequence[Tensor],
    slopes: Sequence[Tensor],
    kept: Sequence[Tensor],
    slope: float,
) -> list[Tensor]:
    """Gradients of query, keys, once, of_step, then of all weights, all biases and all slopes."""
    layers, samples = len(weights), query.shape[0]
    inputs, signs, last = kept[:layers], kept[layers:-1] or kept[1:layers], kept[-1]
    moved, to_bias, to_out = last.new_empty(last.shape), *(last.new_empty(samples, last.shape[1]) for _ in range(2))
    to_slope = last.new_empty(samples)
    given = (grad, weights[-1], last, _slope(slopes, slope, -1), offsets)
    launch(_last_backward, *given, moved, to_bias, to_out, to_slope)
    to_weights, to_biases, to_slopes = [to_out.sum(0, keepdim=True)], [grad.sum().unsqueeze(0)], [to_slope.sum()]
    for layer in reversed(range(layers - 1)):
        to_weights.append(torch.mm(moved.t(), inputs[layer + 1]))
        to_biases.append(to_bias.sum(0))
        moved = torch.mm(moved, weights[layer])
        to_bias = moved.new_empty(samples, moved.shape[1])
        launch(_bend_backward, moved, signs[layer], _slope(slopes, slope, layer), offsets, to_bias, to_slope)
        to_slopes.append(to_slope.sum())
    to_query, to_keys = query.new_empty(query.shape), keys.new_empty(keys.shape)
    launch(_beside_backward, torch.mm(moved, of_step), query, keys, offsets, to_query, to_keys)
    of_layers = [*to_weights[::-1], *to_biases[::-1], *(x.unsqueeze(0) for x in to_slopes[::-1] if slopes)]
    return [to_query, to_keys, to_bias, torch.mm(moved.t(), inputs[0]), *of_layers]


def _slope(slopes: Sequence[Tensor], fixed: float, layer: int) -> float:
    return float(slopes[layer]) if slopes else fixed
