"""The meaning of `lazy_adam`."""

from __future__ import annotations

import torch
from torch import Tensor

from blockrec.ops.lazy_adam import Options
from blockrec.ops.occurrences import sum_by_id


def lazy_adam(
    weight: Tensor, mean: Tensor, square: Tensor, step: Tensor, ids: Tensor, gradients: Tensor, options: Options
) -> None:
    """Sum the gradients of each distinct id, then the textbook update of those rows."""
    rows, gradient = sum_by_id(ids, gradients)
    gradient = gradient + options.weight_decay * weight[rows]
    step[rows] += 1
    mean[rows] = options.beta1 * mean[rows] + (1 - options.beta1) * gradient
    square[rows] = options.beta2 * square[rows] + (1 - options.beta2) * gradient.square()
    count = step[rows].to(torch.float64).unsqueeze(1)
    rate = (options.lr / (1 - options.beta1**count)).to(weight.dtype)
    correction = (1 - options.beta2**count).sqrt().to(weight.dtype)
    weight[rows] -= rate * mean[rows] / (square[rows].sqrt() / correction + options.eps)
