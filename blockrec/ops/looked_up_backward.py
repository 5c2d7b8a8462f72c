"""What the operators on looked up sequences share: what they keep, and the gradients of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

Inputs = tuple[Tensor, list[Tensor], list[Tensor], Tensor, Tensor, list[Tensor], list[Tensor], bool]
"""A factor of each step or sample, then `LookedUp.arguments()`."""


def save(ctx: Any, inputs: Inputs, output: Tensor) -> None:  # noqa: ARG001 - torch passes it by name
    """Keep all inputs."""
    factor, tables, ids, offsets, rows, places, starts, ctx.sparse = inputs
    ctx.count = len(tables)
    ctx.save_for_backward(factor, offsets, rows, *tables, *ids, *places, *starts)


def kept(ctx: Any) -> Inputs:
    """What `save` kept."""
    factor, offsets, rows, *others = ctx.saved_tensors
    tables, ids, places, starts = (others[i * ctx.count : (i + 1) * ctx.count] for i in range(4))
    return factor, tables, ids, offsets, rows, places, starts, ctx.sparse


def to_tables(coefs: Tensor, vectors: Tensor, inputs: Inputs, wanted: Sequence[bool]) -> list[Tensor | None]:
    """Gradients of tables whose rows of step t, side by side, got coefs[t] · the vector of its sample.

    coefs [Σt], vectors [b, Σd]; None for a table that does not learn.
    """
    from blockrec.ops.outer_rows import outer_rows

    _, tables, ids, _, rows, places, starts, sparse = inputs
    parts = torch.split(vectors, [table.shape[1] for table in tables], dim=1)
    return [
        outer_rows(coefs, part, rows, ids[i], places[i], starts[i], table.shape[0], sparse=sparse) if learns else None
        for i, (table, part, learns) in enumerate(zip(tables, parts, wanted, strict=True))
    ]


def nothing(inputs: Inputs) -> tuple[Any, ...]:
    """No gradients for what follows the tables."""
    _, _, ids, _, _, places, starts, _ = inputs
    return [None for _ in ids], None, None, [None for _ in places], [None for _ in starts], None
