"""A vector for each number, in its direction."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.registry import block


@block("number_vectors")
class NumberVectors(nn.Module):
    """Make a vector of each number, as `embed` does of each id: out = [x_1 w_1 ‖ … ‖ x_n w_n].

    So numbers enter `fm` or `cross` beside ids. One vector of several numbers together is `linear` with `bias: false`.

    Args:
        dim: width of one vector.
    """

    def __init__(self, n: Axis, *, dim: Annotated[int, Range(1)]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n, dim))
        nn.init.xavier_normal_(self.weight)

    def forward(self, x: Float[Tensor, "... n"]) -> Float[Tensor, "... {dim*n}"]:
        return (x.unsqueeze(-1) * self.weight).flatten(-2)
