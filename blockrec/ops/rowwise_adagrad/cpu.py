"""`rowwise_adagrad` on the CPU: one pass over each distinct id, in parallel, since distinct ids own distinct rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import kernel, launch
from blockrec.ops.grouping import first_of, group, total_of
from blockrec.ops.rowwise_adagrad import Options

Array = Any


@kernel
def _update(
    weight: Array,
    accumulator: Array,
    ids: Array,
    places: Array,
    starts: Array,
    chunks: int,
    gradients: Array,
    lr: float,
    eps: float,
    decay: float,
) -> None:
    number = weight.dtype.type  # a float64 among float32 would turn the row's arithmetic to float64
    for chunk in prange(chunks):
        total = np.empty(weight.shape[1], weight.dtype)
        for u in range(first_of(starts, chunk, chunks), first_of(starts, chunk + 1, chunks)):
            row = ids[starts[u]]
            total_of(total, gradients, places, starts[u], starts[u + 1], weight, row, number(decay))
            square = number(0)
            for d in range(total.shape[0]):
                square += total[d] * total[d]
            accumulator[row] += square / number(total.shape[0])
            scale = number(lr) / (math.sqrt(accumulator[row]) + number(eps))
            for d in range(total.shape[0]):
                weight[row, d] -= scale * total[d]


def update(weight: Tensor, accumulator: Tensor, ids: Tensor, gradients: Tensor, options: Options) -> None:
    """Sort the ids once, then sum and update row by row."""
    launch(_update, weight, accumulator, *group(ids, weight.shape[0]), gradients, *options)
