"""The meaning of `target_score`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear

from blockrec.jagged import Jagged
from blockrec.ops.target_linear.reference import target_linear


def target_score(
    query: Tensor, keys: Jagged, weights: Sequence[Tensor], biases: Sequence[Tensor], slopes: Sequence[Tensor] | float
) -> Jagged:
    """A network of linear layers over [q ‖ k_t ‖ q − k_t ‖ q · k_t]; x < 0 becomes slope · x after all but the last."""
    hidden = len(weights) - 1
    steps = target_linear(query, keys, weights[0], biases[0]).values
    for layer in range(hidden):
        slope = slopes if isinstance(slopes, float) else slopes[layer]
        steps = torch.where(steps > 0, steps, steps * slope)
        steps = linear(steps, weights[layer + 1], biases[layer + 1])
    return keys.like(steps.squeeze(-1))
