"""The mean of a history."""

from __future__ import annotations

from typing import Annotated, ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("mean_pool")
class MeanPool(nn.Module):
    """Mean of the steps of each sample: out = Σ_t x_t / (length + smoothing); zeros for an empty history.

    Args:
        smoothing: counts as so many further steps of zeros, which draws the means of short histories towards zero.
    """

    looks_up: ClassVar[dict[str, str]] = {"x": "looked_sum"}

    def __init__(self, *, smoothing: Annotated[float, Range(0)] = 0.0, kernel: Kernel = "auto") -> None:
        super().__init__()
        self.smoothing = smoothing
        bound = bind("segment_mean", kernel)
        self.mean, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why

    def forward(self, x: Float[Jagged, "b t d"]) -> Float[Tensor, "b d"]:
        out: Tensor = self.mean(x)
        if self.smoothing == 0:
            return out
        lengths = x.lengths.to(out.dtype).unsqueeze(-1)
        return out * (lengths / (lengths + self.smoothing))
