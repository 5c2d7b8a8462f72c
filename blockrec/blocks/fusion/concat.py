"""Vectors side by side."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.registry import block


@block("concat")
class Concat(nn.Module):
    """Put vectors side by side: out = [x₁ ‖ x₂ ‖ …].

    Any port for one tensor does that with a list; this block is for a concat that several nodes read.
    """

    def forward(self, *inputs: Float[Tensor, "... ?d"]) -> Float[Tensor, "... {sum(d)}"]:
        return torch.cat(inputs, dim=-1)
