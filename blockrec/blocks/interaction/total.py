"""The sum of a vector's entries."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.registry import block


@block("total")
class Total(nn.Module):
    """Add up the entries of a vector: out = Σ_i x_i, a logit without weights of its own.

    Of `embed` with `dim: 1` it is a linear model of ids.
    """

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... 1"]:
        return x.sum(dim=-1, keepdim=True)
