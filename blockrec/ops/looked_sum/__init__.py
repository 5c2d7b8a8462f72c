"""Weighted sum of the table rows of each sample's steps; the rows are never copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged
from blockrec.ops.looked_up import LookedUp
from blockrec.ops.looked_up_backward import kept, nothing, save, to_tables
from blockrec.ops.serving import sum_in_32_bits
from blockrec.ops.work import Shape, flops


def looked_sum(keys: LookedUp, weights: Jagged | None = None) -> Tensor:
    """Looked up keys [b, t, Σd] → [b, Σd]: what `segment_sum` gives of the keys and their weights [b, t]."""
    factors = keys.tables[0].new_ones(keys.rows.shape[0]) if weights is None else weights.values
    out: Tensor = forward(factors, *keys.arguments())
    return out


@custom_op("blockrec::looked_sum", mutates_args=(), device_types="cpu")
def forward(
    weights: Tensor,
    tables: Sequence[Tensor],
    ids: Sequence[Tensor],
    offsets: Tensor,
    rows: Tensor,  # noqa: ARG001 - for the backward pass
    places: Sequence[Tensor],  # noqa: ARG001 - for the backward pass
    starts: Sequence[Tensor],  # noqa: ARG001 - for the backward pass
    sparse: bool,  # noqa: ARG001 - for the backward pass
) -> Tensor:
    """Sums [b, Σd]; all after the offsets is for the backward pass (see `LookedUp.arguments`)."""
    from blockrec.ops.looked_sum import cpu

    return cpu.forward(weights, tables, ids, offsets)


@flops("looked_sum")
def _(weights: Shape, tables: Sequence[Shape], *_others: Any) -> int:
    return 2 * weights[0] * sum(width for _, width in tables)


@forward.register_fake
def _(weights: Tensor, tables: Sequence[Tensor], _ids: Sequence[Tensor], offsets: Tensor, *_others: Any) -> Tensor:
    return weights.new_empty(offsets.shape[0] - 1, sum(table.shape[1] for table in tables))


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    from blockrec.ops.looked_dot import forward as looked_dot

    inputs = kept(ctx)
    weights, *others = inputs
    to_weights = looked_dot(grad, *others) if ctx.needs_input_grad[0] else None
    return to_weights, to_tables(weights, grad, inputs, ctx.needs_input_grad[1]), *nothing(inputs)


forward.register_autograd(_differentiate, setup_context=save)
sum_in_32_bits(forward)
