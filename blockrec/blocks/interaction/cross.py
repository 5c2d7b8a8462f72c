"""Products of features of ever higher order."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
import torch.nn.functional as F
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
        self.vector = weights == "vector"
        self.bias = nn.Parameter(torch.zeros(d))
        self.narrow = nn.Linear(d, rank, bias=False) if rank is not None else nn.Identity()
        self.weight = nn.Parameter(torch.empty(1 if self.vector else d, rank or d))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x: Float[Tensor, "... d"], base: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        if self.vector:
            return torch.addcmul(x + self.bias, base, F.linear(x, self.weight))
        return torch.addcmul(x, base, F.linear(self.narrow(x), self.weight, self.bias))
