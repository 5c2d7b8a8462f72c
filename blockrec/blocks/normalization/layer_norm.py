"""Layer normalization."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis
from blockrec.registry import block


@block("layer_norm")
class LayerNorm(nn.Module):
    """Scale every vector to mean 0 and variance 1, then by a learned scale and shift a channel.

    out = (x − mean x) / √(variance x + 1e-5) · scale + shift. Ba et al., "Layer Normalization", 2016.
    """

    def __init__(self, d: Axis) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(d)

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        out: Tensor = self.norm(x)
        return out
