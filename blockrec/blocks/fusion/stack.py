"""Vectors of one width as rows of a matrix."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.registry import block


@block("stack")
class Stack(nn.Module):
    """Put vectors of one width under each other: out[:, i] = xᵢ.

    `embed` with `stack: true` does that with the vectors of its features.
    """

    def forward(self, *inputs: Float[Tensor, "b d"]) -> Float[Tensor, "b {len(inputs)} d"]:
        return torch.stack(inputs, dim=1)
