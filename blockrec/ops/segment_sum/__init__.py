"""Weighted sum of the steps of each sample."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged
from blockrec.ops.looked_sum import looked_sum
from blockrec.ops.looked_up import LookedUp
from blockrec.ops.saving import save_inputs
from blockrec.ops.serving import serve_gpu, sum_in_32_bits
from blockrec.ops.work import Shape, flops


def segment_sum(keys: Jagged, weights: Jagged | None = None) -> Tensor:
    """Keys [b, t, d] → [b, d], the sum of the steps of each sample, each times its weight [b, t]; zeros if empty."""
    if isinstance(keys, LookedUp):
        return looked_sum(keys, weights)
    factors = keys.values.new_ones(keys.values.shape[0]) if weights is None else weights.values
    out: Tensor = _forward(keys.values, factors, keys.offsets)
    return out


@custom_op("blockrec::segment_sum", mutates_args=(), device_types="cpu")
def _forward(keys: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    from blockrec.ops.segment_sum import cpu

    return cpu.forward(keys, weights, offsets)


@custom_op("blockrec::segment_sum_backward", mutates_args=(), device_types="cpu")
def _backward(grad: Tensor, keys: Tensor, weights: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
    from blockrec.ops.segment_sum import cpu

    return cpu.backward(grad, keys, weights, offsets)


@flops("segment_sum")
def _(keys: Shape, *_others: Shape) -> int:
    return 2 * prod(keys)


@_forward.register_fake
def _(keys: Tensor, _weights: Tensor, offsets: Tensor) -> Tensor:
    return keys.new_empty(offsets.shape[0] - 1, keys.shape[1])


@_backward.register_fake
def _(_grad: Tensor, keys: Tensor, weights: Tensor, _offsets: Tensor) -> tuple[Tensor, Tensor]:
    return keys.new_empty(keys.shape), weights.new_empty(weights.shape)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
    return *_backward(grad, *ctx.saved_tensors), None


_forward.register_autograd(_differentiate, setup_context=save_inputs)
sum_in_32_bits(_forward)
serve_gpu("segment_sum", forward=_forward, backward=_backward)
