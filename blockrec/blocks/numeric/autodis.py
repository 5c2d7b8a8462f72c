"""Vectors of numbers by learned, soft buckets."""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.registry import block


@block("autodis")
class AutoDis(nn.Module):
    """Make a vector of each number as a blend of learned ones: a bucketing without edges.

    For number i: h = LeakyReLU(x_i w_i), s = M_i h + keep · h, p = softmax(s / temperature) over the channels,
    e_i = Σ_c p_c E_{i,c}; out = [e_1 ‖ … ‖ e_n]. Guo et al., "An Embedding Learning Framework for Numerical Features in
    CTR Prediction", KDD 2021, eq. 3 to 7. Give it numbers of moderate size (`norm: zscore` or `log1p`).

    Args:
        dim: width of one vector.
        channels: how many vectors are blended for each number.
        temperature: of the softmax; lower ones blend less.
        keep: how much of h goes past the matrix.
    """

    def __init__(
        self,
        n: Axis,
        *,
        dim: Annotated[int, Range(1)],
        channels: Annotated[int, Range(2)] = 16,
        temperature: Annotated[float, Range(1e-6)] = 1.0,
        keep: float = 1.0,
    ) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.empty(n, channels))
        self.mix = nn.Parameter(torch.empty(n, channels, channels))
        self.vectors = nn.Parameter(torch.empty(n, channels, dim))
        self.temperature, self.keep = temperature, keep
        for weight in (self.scale, self.mix, self.vectors):
            nn.init.normal_(weight, std=weight.shape[-1] ** -0.5)

    def forward(self, x: Float[Tensor, "... n"]) -> Float[Tensor, "... {dim*n}"]:
        hidden = F.leaky_relu(x.unsqueeze(-1) * self.scale)
        scores = torch.einsum("nij,...nj->...ni", self.mix, hidden) + self.keep * hidden
        shares = torch.softmax(scores / self.temperature, dim=-1)
        return torch.einsum("...nc,ncd->...nd", shares, self.vectors).flatten(-2)
