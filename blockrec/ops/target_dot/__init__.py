"""Dot product of each step with its sample's query."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged
from blockrec.ops.looked_dot import looked_dot
from blockrec.ops.looked_up import LookedUp
from blockrec.ops.saving import save_inputs
from blockrec.ops.serving import serve_gpu, sum_in_32_bits
from blockrec.ops.work import Shape, flops


def target_dot(query: Tensor, keys: Jagged) -> Jagged:
    """Query [b, d] and keys [b, t, d] → [b, t], not scaled."""
    if isinstance(keys, LookedUp):
        return looked_dot(query, keys)
    return keys.like(_forward(query, keys.values, keys.offsets))


@custom_op("blockrec::target_dot", mutates_args=(), device_types="cpu")
def _forward(query: Tensor, keys: Tensor, offsets: Tensor) -> Tensor:
    from blockrec.ops.target_dot import cpu

    return cpu.forward(query, keys, offsets)


@custom_op("blockrec::target_dot_backward", mutates_args=(), device_types="cpu")
def _backward(grad: Tensor, query: Tensor, keys: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
    from blockrec.ops.target_dot import cpu

    return cpu.backward(grad, query, keys, offsets)


@flops("target_dot")
def _(_query: Shape, keys: Shape, *_others: Shape) -> int:
    return 2 * prod(keys)


@_forward.register_fake
def _(_query: Tensor, keys: Tensor, _offsets: Tensor) -> Tensor:
    return keys.new_empty(keys.shape[0])


@_backward.register_fake
def _(_grad: Tensor, query: Tensor, keys: Tensor, _offsets: Tensor) -> tuple[Tensor, Tensor]:
    return query.new_empty(query.shape), keys.new_empty(keys.shape)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
    return *_backward(grad, *ctx.saved_tensors), None


_forward.register_autograd(_differentiate, setup_context=save_inputs)
sum_in_32_bits(_forward)
serve_gpu("target_dot", forward=_forward, backward=_backward)
