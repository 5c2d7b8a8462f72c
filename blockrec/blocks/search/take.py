"""Some steps of a history."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float, Int
from torch import nn

from blockrec.jagged import Jagged, select
from blockrec.registry import block


@block("take")
class Take(nn.Module):
    """Read the steps that a search has chosen: out_s = x at index_s, counted from the start of its own history.

    `index` comes from `topk` over scores of the same sequence as `x`. Gradients reach the chosen steps only.
    """

    looks_up: ClassVar[dict[str, str]] = {"x": "looked_sum"}

    def forward(self, x: Float[Jagged, "b t d"], index: Int[Jagged, "b s"]) -> Float[Jagged, "b s d"]:
        flat = index.values + x.offsets[index.rows]
        return select(x, flat, index.offsets, index.max_length)
