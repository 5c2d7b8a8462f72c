"""The meaning of `target_score`."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import leaky_relu, linear, prelu, relu

from blockrec.jagged import Jagged
from blockrec.ops.target_linear.reference import target_linear


def target_score(
    query: Tensor, keys: Jagged, weights: Sequence[Tensor], biases: Sequence[Tensor], slopes: Sequence[Tensor] | float
) -> Jagged:
    """A network of linear layers over [q ‖ k_t ‖ q − k_t ‖ q · k_t]; x < 0 becomes slope · x after all but the last."""
    hidden = len(weights) - 1
    steps = target_linear(query, keys, weights[0], biases[0]).values
    for layer in range(hidden):
        steps = _bent(steps, slopes if isinstance(slopes, float) else slopes[layer])
        steps = linear(steps, weights[layer + 1], biases[layer + 1])
    return keys.like(steps.squeeze(-1))


def _bent(x: Tensor, slope: Tensor | float) -> Tensor:
    if isinstance(slope, Tensor):
        return prelu(x, slope)
    if slope == 1:
        return x
    return relu(x) if slope == 0 else leaky_relu(x, slope)
