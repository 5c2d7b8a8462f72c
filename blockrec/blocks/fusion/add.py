"""The sum of vectors."""

from __future__ import annotations

from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.registry import block


@block("add")
class Add(nn.Module):
    """Add vectors of one width: out = x₁ + x₂ + …"""

    def forward(self, *inputs: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        return reduce(torch.add, inputs)
