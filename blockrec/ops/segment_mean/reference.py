"""The meaning of `segment_mean`."""

from __future__ import annotations

from torch import Tensor

from blockrec.jagged import Jagged
from blockrec.ops.segment_sum.reference import segment_sum


def segment_mean(keys: Jagged) -> Tensor:
    """out_i = Σ_t key_t / max(length_i, 1)."""
    return segment_sum(keys) / keys.lengths.clamp(min=1).unsqueeze(-1)
