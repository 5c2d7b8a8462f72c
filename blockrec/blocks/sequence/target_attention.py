"""Scores of a history for a target by scaled dot products."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("target_attention")
class TargetAttention(nn.Module):
    """Score every step by its dot product with the target; content and position are scaled apart.

    score_t = content_scale · ⟨query, key_t⟩ + position_scale · ⟨query_position, key_position_t⟩; the second part only
    if both positions are given. Feng et al., "Long-Sequence Recommendation Models Need Decoupled Embeddings", ICLR
    2025, as its code does. Scores are raw: `topk_attend` or `attend` makes weights of them.

    Args:
        content_scale: factor of the first part; default 1 / √d, d the width of the query.
        position_scale: factor of the second part; default 1 / √p, p the width of the positions.
    """

    looks_up: ClassVar[dict[str, str]] = {"keys": "looked_dot", "keys_position": "looked_dot"}

    def __init__(
        self,
        d: Axis,
        p: Axis | None = None,
        *,
        content_scale: float | None = None,
        position_scale: float | None = None,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        bound = bind("target_dot", kernel)
        self.dot, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.content = d**-0.5 if content_scale is None else content_scale
        self.position = (p or 1) ** -0.5 if position_scale is None else position_scale

    def forward(
        self,
        query: Float[Tensor, "b d"],
        keys: Float[Jagged, "b t d"],
        query_position: Float[Tensor, "b p"] | None = None,
        keys_position: Float[Jagged, "b t p"] | None = None,
    ) -> Float[Jagged, "b t"]:
        scores: Jagged = self.dot(query * self.content, keys)
        if query_position is None and keys_position is None:
            return scores
        if query_position is None or keys_position is None:
            raise ValueError("target_attention: `query_position` and `keys_position` go together, only one is given")
        return scores.like(scores.values + self.dot(query_position * self.position, keys_position).values)
