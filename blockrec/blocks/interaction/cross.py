"""Products of features of ever higher order."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.registry import block


@block("cross")
class Cross(nn.Module):
    """Multiply a vector with the input of the network: one layer of a cross network, which `repeat` makes deeper.

    matrix: out = base ⊙ (W x + bias) + x (Wang et al., "DCN V2", WWW 2021, eq. 1); with `rank`, W = V U (eq. 2).
    vector: out = base · ⟨w, x⟩ + bias + x (Wang et al., "Deep & Cross Network", ADKDD 2017, eq. 3).

    Args:
        weights: `matrix` weighs every pair of entries, `vector` only the entries of x.
        rank: of the matrix, which has d² weights without it.
    """

    def __init__(
        self, d: Axis, *, weights: Literal["matrix", "vector"] = "matrix", rank: Annotated[int, Range(1)] | None = None
    ) -> None:
        super().__init__()
        if weights == "vector" and rank is not None:
            raise ValueError("`rank` is that of a matrix: leave it out with `weights: vector`")
        self.weights = weights
        self.bias = nn.Parameter(torch.zeros(d))
        narrow = [nn.Linear(d, rank, bias=False)] if rank is not None else []
        out = d if weights == "matrix" else 1
        self.weigh = nn.Sequential(*narrow, nn.Linear(rank or d, out, bias=False))

    def forward(self, x: Float[Tensor, "... d"], base: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        weighed: Tensor = self.weigh(x)
        if self.weights == "vector":
            return base * weighed + self.bias + x
        return base * (weighed + self.bias) + x
