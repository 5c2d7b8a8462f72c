"""The scoring network that `din` and `din_scores` share."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from blockrec.blocks.activations import Activation
from blockrec.blocks.tower.mlp import MLP, Layer, Norm
from blockrec.jagged import Jagged


class TargetScore(nn.Module):
    """score_t = Linear(MLP([query ‖ key_t ‖ query − key_t ‖ query ⊙ key_t])), a narrow query padded with zeros.

    first: the op `target_linear`, bound.
    """

    def __init__(
        self, q: int, d: int, hidden: list[int], activation: Activation, norm: Norm, first: Callable[..., Jagged]
    ) -> None:
        super().__init__()
        if q > d:
            raise ValueError(f"the query is wider ({q}) than the keys ({d})")
        if not hidden:
            raise ValueError("`hidden` needs at least one width")
        self.first = first
        self.mlp = MLP(4 * d, hidden=hidden, activation=activation, norm=norm)
        self.out = nn.Linear(hidden[-1], 1)

    def forward(self, query: Tensor, keys: Jagged) -> Jagged:
        """Query [b, q] and keys [b, t, d] → scores [b, t]."""
        layer, *others = self.mlp.layers
        assert isinstance(layer, Layer)
        steps = layer.finish(self.first(query, keys, layer.linear.weight, layer.linear.bias).values)
        for other in others:
            steps = other(steps)
        return keys.like(self.out(steps).squeeze(-1))
