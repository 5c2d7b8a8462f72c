"""The scoring network that `din` and `din_scores` share."""

from __future__ import annotations

from torch import Tensor, nn

from blockrec.blocks.activations import Activation
from blockrec.blocks.tower.mlp import MLP, Layer, Norm
from blockrec.jagged import Jagged
from blockrec.ops import Bound, Kernel, bind

SLOPES = {"none": 1.0, "relu": 0.0, "leaky_relu": nn.LeakyReLU().negative_slope}
"""Activations that multiply what is negative by a number; `prelu` learns it."""


class TargetScore(nn.Module):
    """score_t = Linear(MLP([query ‖ key_t ‖ query − key_t ‖ query ⊙ key_t])), a narrow query padded with zeros.

    One op computes all layers where only slopes lie between them and a kernel serves, else the first layer alone.
    """

    def __init__(self, q: int, d: int, hidden: list[int], activation: Activation, norm: Norm, kernel: Kernel) -> None:
        super().__init__()
        if q > d:
            raise ValueError(f"the query is wider ({q}) than the keys ({d})")
        if not hidden:
            raise ValueError("`hidden` needs at least one width")
        self.mlp = MLP(4 * d, hidden=hidden, activation=activation, norm=norm)
        self.out = nn.Linear(hidden[-1], 1)
        whole = _whole(activation, kernel) if norm == "none" else None
        self.slope, self.is_whole = SLOPES.get(activation), whole is not None
        self.bound = whole or bind("target_linear", kernel)

    def forward(self, query: Tensor, keys: Jagged) -> Jagged:
        """Query [b, q] and keys [b, t, d] → scores [b, t]."""
        return self._whole(query, keys) if self.is_whole else self._layered(query, keys)

    def _whole(self, query: Tensor, keys: Jagged) -> Jagged:
        layers = [layer for layer in self.mlp.layers if isinstance(layer, Layer)]
        linears = [*(layer.linear for layer in layers), self.out]
        learned = [layer.activation.weight for layer in layers] if self.slope is None else self.slope
        scores: Jagged = self.bound.call(query, keys, [x.weight for x in linears], [x.bias for x in linears], learned)
        return scores

    def _layered(self, query: Tensor, keys: Jagged) -> Jagged:
        layer, *others = self.mlp.layers
        assert isinstance(layer, Layer)
        steps = layer.finish(self.bound.call(query, keys, layer.linear.weight, layer.linear.bias).values)
        for other in others:
            steps = other(steps)
        return keys.like(self.out(steps).squeeze(-1))


def _whole(activation: Activation, kernel: Kernel) -> Bound | None:
    """The op for all layers: none if these activations or this device are not served."""
    if kernel == "triton" or activation not in (*SLOPES, "prelu"):
        return None
    bound = bind("target_score", kernel)
    return None if kernel == "auto" and bound.kernel == "reference" else bound
