"""What the operators on looked up sequences share: what they keep, and what they leave for the gradients of tables."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

Inputs = tuple[Tensor, list[Tensor], list[Tensor], Tensor, list[Tensor], list[Tensor]]
"""A factor of each step or sample, then `LookedUp.arguments()`."""


def save(ctx: Any, inputs: Inputs, output: Tensor) -> None:  # noqa: ARG001 - torch passes it by name
    """Keep all inputs but the ports, which hold nothing."""
    factor, tables, ids, offsets, _coefs, _vectors = inputs
    ctx.save_for_backward(factor, offsets, *tables, *ids)


def kept(ctx: Any) -> Inputs:
    """What `save` kept, without ports."""
    factor, offsets, *others = ctx.saved_tensors
    half = len(others) // 2
    return factor, others[:half], others[half:], offsets, [], []


def to_ports(coefs: Tensor, vectors: Tensor, tables: list[Tensor]) -> tuple[Any, ...]:
    """Gradients for everything after the factor: step t's rows, side by side, got coefs[t] · the vector of its sample.

    coefs [Σt], vectors [b, Σd].
    """
    nothing: list[None] = [None for _ in tables]
    return nothing, nothing, None, [coefs for _ in tables], split(vectors, tables)


def split(vectors: Tensor, tables: list[Tensor]) -> list[Tensor]:
    """[b, Σd] → the part [b, d] of each table."""
    return list(torch.split(vectors, [table.shape[1] for table in tables], dim=1))
