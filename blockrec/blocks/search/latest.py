"""The recent part of a history."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from jaxtyping import Float
from torch import nn

from blockrec.annotations import Range
from blockrec.blocks.search.steps import kept_steps
from blockrec.jagged import Jagged
from blockrec.registry import block


@block("latest")
class Latest(nn.Module):
    """Keep the last steps of each history: out = x at the steps t > length − steps, all of them if it is shorter.

    Args:
        steps: number of steps to keep.
    """

    looks_up: ClassVar[dict[str, str]] = {"x": "looked_sum"}

    def __init__(self, *, steps: Annotated[int, Range(1)]) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: Float[Jagged, "b t d"]) -> Float[Jagged, "b s d"]:
        left = x.offsets[x.rows + 1] - torch.arange(x.rows.shape[0], device=x.rows.device)
        return kept_steps(x, left <= self.steps, self.steps)[0]
