"""Weighted sum of the table rows of each sample's steps; the rows are never copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged
from blockrec.ops.looked_up import LookedUp
from blockrec.ops.looked_up_backward import kept, save, to_ports
from blockrec.ops.serving import serve_gpu, sum_in_32_bits
from blockrec.ops.work import Shape, flops


def looked_sum(keys: LookedUp, weights: Jagged | None = None) -> Tensor:
    """Looked up keys [b, t, Σd] → [b, Σd]: what `segment_sum` gives of the keys and their weights [b, t]."""
    factors = keys.tables[0].weight.new_ones(keys.rows.shape[0]) if weights is None else weights.values
    out: Tensor = forward(factors, *keys.arguments())
    return out


@custom_op("blockrec::looked_sum", mutates_args=(), device_types="cpu")
def forward(
    weights: Tensor,
    tables: Sequence[Tensor],
    ids: Sequence[Tensor],
    offsets: Tensor,
    coefs: Sequence[Tensor],  # noqa: ARG001 - takes a gradient
    vectors: Sequence[Tensor],  # noqa: ARG001 - takes a gradient
) -> Tensor:
    """Sums [b, Σd]; `coefs` and `vectors` take the gradients of tables (see `Ports`)."""
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

    weights, tables, *others = kept(ctx)
    to_weights = looked_dot(grad, tables, *others) if ctx.needs_input_grad[0] else None
    return to_weights, *to_ports(weights, grad, tables)


forward.register_autograd(_differentiate, setup_context=save)
sum_in_32_bits(forward)
serve_gpu("looked_sum", forward=forward)
