"""Similarities as dot products: one product serves all of them, a batch, a catalogue and an index alike."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Nearness = Literal["dot", "cosine", "euclid"]


def as_query(x: Tensor, nearness: Nearness) -> Tensor:
    """[..., d] vectors whose dot products with those of `as_item` are the similarities.

    euclid: −‖q − i‖² = ⟨[2q, −‖q‖², −1], [i, 1, ‖i‖²]⟩, two numbers more.
    """
    if nearness == "euclid":
        square = x.square().sum(dim=-1, keepdim=True)
        return torch.cat([2 * x, -square, -torch.ones_like(square)], dim=-1)
    return _unit(x, nearness)


def as_item(x: Tensor, nearness: Nearness) -> Tensor:
    """[..., d] what `as_query` is multiplied with."""
    if nearness == "euclid":
        square = x.square().sum(dim=-1, keepdim=True)
        return torch.cat([x, torch.ones_like(square), square], dim=-1)
    return _unit(x, nearness)


def _unit(x: Tensor, nearness: Nearness) -> Tensor:
    return F.normalize(x, dim=-1) if nearness == "cosine" else x
