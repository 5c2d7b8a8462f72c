"""Pooling by raw scores."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("weighted_sum")
class WeightedSum(nn.Module):
    """Sum all steps, each times its score: out = Σ_t score_t · values_t, no softmax; zeros for an empty history."""

    looks_up: ClassVar[dict[str, str]] = {"values": "looked_sum"}

    def __init__(self, *, kernel: Kernel = "auto") -> None:
        super().__init__()
        bound = bind("segment_sum", kernel)
        self.sum, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why

    def forward(self, scores: Float[Jagged, "b t"], values: Float[Jagged, "b t d"]) -> Float[Tensor, "b d"]:
        out: Tensor = self.sum(values, scores)
        return out
