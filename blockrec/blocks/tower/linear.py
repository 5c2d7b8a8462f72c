"""A linear map."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.registry import block


@block("linear")
class Linear(nn.Linear):
    """out = x Wᵀ + bias.

    Args:
        out: width of the result; 1 for the logit of a task.
        bias: add a learned bias.
    """

    def __init__(self, d: Axis, *, out: Annotated[int, Range(1)], bias: bool = True) -> None:
        super().__init__(d, out, bias=bias)

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... {out}"]:
        return super().forward(x)
