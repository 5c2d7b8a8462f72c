"""The mean of a history."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("mean_pool")
class MeanPool(nn.Module):
    """Mean of the steps of each sample: out = Σ_t x_t / length; zeros for an empty history."""

    def __init__(self, *, kernel: Kernel = "auto") -> None:
        super().__init__()
        bound = bind("segment_mean", kernel)
        self.mean, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why

    def forward(self, x: Float[Jagged, "b t d"]) -> Float[Tensor, "b d"]:
        out: Tensor = self.mean(x)
        return out
