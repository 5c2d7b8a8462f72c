"""The meaning of `segment_attention`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import silu

from blockrec.jagged import Jagged, padded, unpadded


def segment_attention(
    query: Jagged, keys: Jagged, values: Jagged, causal: bool = False, softmax: bool = True, scale: float = 1.0
) -> Jagged:
    """All pairs of padded steps; those that are no pair weigh nothing."""
    q, k, v = (padded(x, query.max_length).transpose(1, 2) for x in (query, keys, values))
    scores = scale * q @ k.transpose(-1, -2)
    pairs = _pairs(query, causal).unsqueeze(1)
    if softmax:
        weights = scores.masked_fill(~pairs, torch.finfo(scores.dtype).min).softmax(-1)
    else:
        weights = silu(scores).masked_fill(~pairs, 0)
    return unpadded((weights @ v).transpose(1, 2), query)


def _pairs(x: Jagged, causal: bool) -> Tensor:
    """[b, t, t] bool: which step sees which."""
    place = torch.arange(x.max_length, device=x.offsets.device)
    known = place < x.lengths[:, None, None]
    return known & (place <= place[:, None]) if causal else known.expand(-1, x.max_length, -1)
