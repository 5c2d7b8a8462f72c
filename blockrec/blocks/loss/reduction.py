"""What losses do with labels, and how those of rows become one number."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor


def weighted_mean(losses: Tensor, *weights: Tensor | None) -> Tensor:
    """Σ w · loss / Σ w over rows [n], w the product of the weights; 0 if there are no rows or all of them weigh 0."""
    given = [w.reshape(losses.shape).to(losses.dtype) for w in weights if w is not None]
    if not given:
        return losses.sum() / max(losses.numel(), 1)
    weight = reduce(torch.mul, given)
    total = weight.sum()
    return (losses * weight).sum() / total.where(total != 0, 1)


def smoothed(share: Tensor, smoothing: float, classes: int) -> Tensor:
    """The share of a class in each row after `smoothing` of it was spread over all classes."""
    return share if smoothing == 0 else share * (1 - smoothing) + smoothing / classes
