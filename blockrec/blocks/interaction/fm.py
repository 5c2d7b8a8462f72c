"""Products of all pairs of fields."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.registry import block


@block("fm")
class FM(nn.Module):
    """Sum of the products of all pairs of fields: out = Σ_{i<j} x_i ⊙ x_j = ½ ((Σ_i x_i)² − Σ_i x_i²).

    The fields x_i stand side by side, each of width `dim`: what `embed` gives of several features, or a list of nodes.
    `total` makes the second-order term of a factorization machine of it (Rendle, ICDM 2010; Guo et al., "DeepFM",
    IJCAI 2017), a network over it the bi-interaction of He & Chua, SIGIR 2017.

    Args:
        dim: width of one field.
    """

    def __init__(self, d: Axis, *, dim: Annotated[int, Range(1)]) -> None:
        super().__init__()
        if d % dim:
            raise ValueError(f"an input of width {d} is not made of fields of width `dim`: {dim}")
        self.shape = (d // dim, dim)

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... {dim}"]:
        fields = x.reshape(*x.shape[:-1], *self.shape)
        out: Tensor = (fields.sum(dim=-2).square() - fields.square().sum(dim=-2)) / 2
        return out
