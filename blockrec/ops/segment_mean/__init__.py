"""Mean of the steps of each sample."""

from __future__ import annotations

from torch import Tensor, float32, promote_types

from blockrec.jagged import Jagged
from blockrec.ops.segment_sum import segment_sum


def segment_mean(keys: Jagged) -> Tensor:
    """Keys [b, t, d] → [b, d], the mean of each sample's steps; zeros for an empty sample."""
    share = keys.lengths.clamp(min=1).to(promote_types(keys.dtype, float32)).reciprocal()
    return segment_sum(keys, keys.like(share[keys.rows]))
