"""Search by hashes of vectors."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("simhash_scores")
class SimHashScores(nn.Module):
    """Score every step by how many bits of its hash are the target's: score_t = −Hamming(code(query), code(key_t)).

    code(v)_i = 1 if ⟨v, rotation_i⟩ > 0, else 0, with random rotations that are drawn once and kept in the state. Chen
    et al., "Efficient Long Sequential User Data Modeling for Click-Through Rate Prediction" (ETA), 2022. The scores are
    whole numbers and have no gradient; `topk` takes the later of equal ones.

    Args:
        bits: of a hash.
    """

    rotations: Tensor

    def __init__(self, d: Axis, *, bits: Annotated[int, Range(1)] = 32, kernel: Kernel = "auto") -> None:
        super().__init__()
        self.bits = bits
        self.register_buffer("rotations", torch.randn(d, bits))
        bound = bind("target_dot", kernel)
        self.dot, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why

    def forward(self, query: Float[Tensor, "b d"], keys: Float[Jagged, "b t d"]) -> Float[Jagged, "b t"]:
        agreement: Jagged = self.dot(self._signs(query), keys.like(self._signs(keys.values)))
        return agreement.like((agreement.values - self.bits) / 2)

    def codes(self, x: Tensor) -> Tensor:
        """[n, d] → [n, bits] bool."""
        return (x.detach() @ self.rotations) > 0

    def _signs(self, x: Tensor) -> Tensor:
        """Codes as 1 and −1, so that dot products count the bits that agree less those that differ."""
        return self.codes(x).to(x.dtype) * 2 - 1
