"""The meaning of `rowwise_adagrad`."""

from __future__ import annotations

from torch import Tensor

from blockrec.ops.occurrences import sum_by_id
from blockrec.ops.rowwise_adagrad import Options


def rowwise_adagrad(weight: Tensor, accumulator: Tensor, ids: Tensor, gradients: Tensor, options: Options) -> None:
    """Sum the gradients of each distinct id, then the textbook update of those rows."""
    rows, gradient = sum_by_id(ids, gradients)
    gradient = gradient + options.weight_decay * weight[rows]
    accumulator[rows] += gradient.square().mean(dim=1)
    scale = options.lr / (accumulator[rows].sqrt() + options.eps)
    weight[rows] -= scale.unsqueeze(1) * gradient
