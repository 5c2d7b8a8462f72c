"""The meaning of `segment_topk`."""

from __future__ import annotations

import torch
from torch import Tensor

from blockrec.jagged import Jagged, offsets_of, places, select


def segment_topk(scores: Jagged, k: int) -> tuple[Jagged, Tensor]:
    """Steps sorted by sample, then falling score, then falling time; the first k of each sample are kept."""
    index = places(_kept(scores, k), scores.batch * min(k, scores.max_length))
    return select(scores, index, offsets_of(scores.lengths.clamp(max=k)), min(k, scores.max_length)), index


def _kept(scores: Jagged, k: int) -> Tensor:
    """[Σt] bool."""
    latest_first = scores.values.detach().flip(0).argsort(descending=True, stable=True)
    best_first = scores.values.shape[0] - 1 - latest_first
    order = best_first[scores.rows[best_first].argsort(stable=True)]
    rank = torch.arange(order.shape[0], device=order.device) - scores.offsets[scores.rows]
    return torch.zeros_like(order, dtype=torch.bool).index_put((order,), rank < k)
