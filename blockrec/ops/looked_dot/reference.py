"""The meaning of `looked_dot`."""

from __future__ import annotations

from torch import Tensor

from blockrec.jagged import Jagged
from blockrec.ops.looked_up import LookedUp
from blockrec.ops.target_dot.reference import target_dot


def looked_dot(query: Tensor, keys: LookedUp) -> Jagged:
    """The dot products with the rows, copied side by side."""
    return target_dot(query, keys.like(keys.values))
