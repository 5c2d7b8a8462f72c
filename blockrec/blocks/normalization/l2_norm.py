"""Vectors of length one."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.registry import block


@block("l2_norm")
class L2Norm(nn.Module):
    """Divide every vector by its length: out = x / max(‖x‖₂, 1e-12). A zero vector stays zero."""

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        return F.normalize(x, dim=-1)
