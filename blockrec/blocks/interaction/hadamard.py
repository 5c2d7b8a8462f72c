"""The element-wise product."""

from __future__ import annotations

from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.registry import block


@block("hadamard")
class Hadamard(nn.Module):
    """Multiply vectors element by element: out = x₁ ⊙ x₂ ⊙ …"""

    def forward(self, *inputs: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        return reduce(torch.mul, inputs)
