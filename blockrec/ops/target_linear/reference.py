"""The meaning of `target_linear`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

from blockrec.jagged import Jagged


def target_linear(query: Tensor, keys: Jagged, weight: Tensor, bias: Tensor | None) -> Jagged:
    """out_t = weight · [q ‖ k_t ‖ q − k_t ‖ q · k_t] + bias, q padded on the right to the width of the keys."""
    k = keys.values
    q = pad(query, (0, k.shape[1] - query.shape[1]))[keys.rows]
    return keys.like(linear(torch.cat([q, k, q - k, q * k], dim=-1), weight, bias))
