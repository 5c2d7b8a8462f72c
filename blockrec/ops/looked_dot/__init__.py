"""Dot product of each step's table rows with its sample's query; the rows are never copied."""

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


def looked_dot(query: Tensor, keys: LookedUp) -> Jagged:
    """Query [b, Σd] and looked up keys [b, t, Σd] → [b, t]: what `target_dot` gives of the keys."""
    return keys.like(forward(query, *keys.arguments()))


@custom_op("blockrec::looked_dot", mutates_args=(), device_types="cpu")
def forward(
    query: Tensor,
    tables: Sequence[Tensor],
    ids: Sequence[Tensor],
    offsets: Tensor,
    coefs: Sequence[Tensor],  # noqa: ARG001 - takes a gradient
    vectors: Sequence[Tensor],  # noqa: ARG001 - takes a gradient
) -> Tensor:
    """Scores [Σt]; `coefs` and `vectors` take the gradients of tables (see `Ports`)."""
    from blockrec.ops.looked_dot import cpu

    return cpu.forward(query, tables, ids, offsets)


@flops("looked_dot")
def _(query: Shape, _tables: Sequence[Shape], ids: Sequence[Shape], *_others: Any) -> int:
    return 2 * ids[0][0] * query[1]


@forward.register_fake
def _(query: Tensor, _tables: Sequence[Tensor], ids: Sequence[Tensor], *_others: Any) -> Tensor:
    return query.new_empty(ids[0].shape[0])


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    from blockrec.ops.looked_sum import forward as looked_sum

    query, tables, *others = kept(ctx)
    to_query = looked_sum(grad, tables, *others) if ctx.needs_input_grad[0] else None
    return to_query, *to_ports(grad, query, tables)


forward.register_autograd(_differentiate, setup_context=save)
sum_in_32_bits(forward)
serve_gpu("looked_dot", forward=forward)
