"""`lazy_adam` on the CPU: one pass over each distinct id, in parallel, since distinct ids own distinct rows."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import helper, kernel, launch
from blockrec.ops.grouping import first_of, group, total_of
from blockrec.ops.lazy_adam import Options

Array = Any
EXACT, MOST_BIASES = 54, 2**16
"""Bits from which on β^n is lost beside 1; the greatest n whose bias is kept."""


@helper
def _bias(known: Array, beta: float, steps: int) -> float:
    return known[steps] if steps < known.shape[0] else 1 - beta**steps


@cache
def biases(beta: float) -> Tensor:
    """1 − β^n for n = 0, 1, …, until it is 1: a power for every row would cost more than all else."""
    ones = MOST_BIASES if beta == 1 else 1 if beta == 0 else math.ceil(-EXACT * math.log(2) / math.log(beta))
    steps = torch.arange(min(ones + 1, MOST_BIASES), dtype=torch.float64)
    return 1 - torch.tensor(beta, dtype=torch.float64) ** steps


@kernel
def _update(
    weight: Array,
    mean: Array,
    square: Array,
    step: Array,
    ids: Array,
    places: Array,
    starts: Array,
    chunks: int,
    gradients: Array,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    decay: float,
    biases1: Array,
    biases2: Array,
) -> None:
    number = weight.dtype.type  # a float64 among float32 would turn the row's arithmetic to float64
    keep1, keep2, add1, add2 = number(beta1), number(beta2), number(1 - beta1), number(1 - beta2)
    for chunk in prange(chunks):
        total = np.empty(weight.shape[1], weight.dtype)
        for u in range(first_of(starts, chunk, chunks), first_of(starts, chunk + 1, chunks)):
            row = ids[starts[u]]
            total_of(total, gradients, places, starts[u], starts[u + 1], weight, row, number(decay))
            step[row] += 1
            rate = number(lr / _bias(biases1, beta1, step[row]))
            correction = number(1 / math.sqrt(_bias(biases2, beta2, step[row])))
            for d in range(total.shape[0]):
                mean[row, d] = keep1 * mean[row, d] + add1 * total[d]
                square[row, d] = keep2 * square[row, d] + add2 * total[d] * total[d]
                weight[row, d] -= rate * mean[row, d] / (math.sqrt(square[row, d]) * correction + number(eps))


def update(
    weight: Tensor, mean: Tensor, square: Tensor, step: Tensor, ids: Tensor, gradients: Tensor, options: Options
) -> None:
    """Sort the ids once, then sum and update row by row."""
    rows = group(ids, weight.shape[0])
    launch(
        *(_update, weight, mean, square, step, *rows, gradients, *options),
        *(biases(options.beta1), biases(options.beta2)),
    )
