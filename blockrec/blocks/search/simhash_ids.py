"""Hashes of vectors as ids."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.registry import block


@block("simhash_ids")
class SimHashIds(nn.Module):
    """The same id for vectors of like direction: out = Σ_i 2^i [⟨x, rotation_i⟩ > 0], a number below 2^bits.

    The random rotations are drawn once and kept in the state. With `cluster` it groups steps whose vectors are near.
    Ids have no gradient.

    Args:
        bits: of an id.
    """

    rotations: Tensor

    def __init__(self, d: Axis, *, bits: Annotated[int, Range(1, 62)] = 8) -> None:
        super().__init__()
        self.register_buffer("rotations", torch.randn(d, bits))

    def forward(self, x: Float[Tensor, "... d"]) -> Int[Tensor, "..."]:
        signs = (x.detach() @ self.rotations) > 0
        return (signs * 2 ** torch.arange(signs.shape[-1], device=x.device)).sum(-1)
