"""Scores by a learned inner product."""

from __future__ import annotations

from typing import Annotated, ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("bilinear_scores")
class BilinearScores(nn.Module):
    """Score every step by the inner product of projections: score_t = ⟨W_q query, W_k key_t⟩, not scaled.

    It is computed as ⟨W_kᵀ W_q query, key_t⟩, so that no step is projected. The soft search of SIM (Pi et al.,
    "Search-based User Interest Modeling", CIKM 2020, eq. 2).

    Args:
        width: of the projections.
    """

    looks_up: ClassVar[dict[str, str]] = {"keys": "looked_dot"}

    def __init__(self, q: Axis, d: Axis, *, width: Annotated[int, Range(1)], kernel: Kernel = "auto") -> None:
        super().__init__()
        self.query, self.key = nn.Linear(q, width, bias=False), nn.Linear(d, width, bias=False)
        bound = bind("target_dot", kernel)
        self.dot, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why

    def forward(self, query: Float[Tensor, "b q"], keys: Float[Jagged, "b t d"]) -> Float[Jagged, "b t"]:
        scores: Jagged = self.dot(self.query(query) @ self.key.weight, keys)
        return scores
