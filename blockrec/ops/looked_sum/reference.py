"""The meaning of `looked_sum`."""

from __future__ import annotations

from torch import Tensor

from blockrec.jagged import Jagged
from blockrec.ops.looked_up import LookedUp
from blockrec.ops.segment_sum.reference import segment_sum


def looked_sum(keys: LookedUp, weights: Jagged | None = None) -> Tensor:
    """The sum of the rows, copied side by side."""
    return segment_sum(keys.like(keys.values), weights)
