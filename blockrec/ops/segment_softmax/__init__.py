"""Softmax of scores within each sample."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged
from blockrec.ops.serving import serve_gpu, sum_in_32_bits
from blockrec.ops.work import Shape, flops


def segment_softmax(scores: Jagged) -> Jagged:
    """Scores [b, t] → weights [b, t] that are positive and sum to 1 within each sample; an empty sample has none."""
    return scores.like(_forward(scores.values, scores.offsets))


@custom_op("blockrec::segment_softmax", mutates_args=(), device_types="cpu")
def _forward(scores: Tensor, offsets: Tensor) -> Tensor:
    from blockrec.ops.segment_softmax import cpu

    return cpu.forward(scores, offsets)


@custom_op("blockrec::segment_softmax_backward", mutates_args=(), device_types="cpu")
def _backward(grad: Tensor, weights: Tensor, offsets: Tensor) -> Tensor:
    from blockrec.ops.segment_softmax import cpu

    return cpu.backward(grad, weights, offsets)


@flops("segment_softmax")
def _(scores: Shape, *_others: Shape) -> int:
    return 5 * prod(scores)  # largest, difference, power, sum, quotient


@_forward.register_fake
def _(scores: Tensor, _offsets: Tensor) -> Tensor:
    return scores.new_empty(scores.shape)


@_backward.register_fake
def _(_grad: Tensor, weights: Tensor, _offsets: Tensor) -> Tensor:
    return weights.new_empty(weights.shape)


def _save(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(output, inputs[1])


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
    return _backward(grad, *ctx.saved_tensors), None


_forward.register_autograd(_differentiate, setup_context=_save)
sum_in_32_bits(_forward)
serve_gpu("segment_softmax", forward=_forward, backward=_backward)
