"""Attention of the steps of each sample to each other, several heads side by side."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged
from blockrec.ops.serving import sum_in_32_bits
from blockrec.ops.work import Shape, flops


def segment_attention(
    query: Jagged, keys: Jagged, values: Jagged, causal: bool = False, softmax: bool = True, scale: float = 1.0
) -> Jagged:
    """Queries and keys [b, t, h, a], values [b, t, h, v] → [b, t, h, v].

    out_i = Σ_j f(scale · ⟨query_i, key_j⟩) value_j: j runs over the steps of the sample of i, with `causal` up to i
    itself. f is a softmax over j, or else silu(x) = x · σ(x) of each score.
    """
    out: Tensor = _forward(query.values, keys.values, values.values, query.offsets, causal, softmax, scale)
    return query.like(out)


@custom_op("blockrec::segment_attention", mutates_args=(), device_types="cpu")
def _forward(
    query: Tensor, keys: Tensor, values: Tensor, offsets: Tensor, causal: bool, softmax: bool, scale: float
) -> Tensor:
    from blockrec.ops.segment_attention import cpu

    return cpu.forward(query, keys, values, offsets, causal, softmax, scale)


@custom_op("blockrec::segment_attention_backward", mutates_args=(), device_types="cpu")
def _backward(
    grad: Tensor,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    offsets: Tensor,
    causal: bool,
    softmax: bool,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    from blockrec.ops.segment_attention import cpu

    return cpu.backward(grad, query, keys, values, offsets, causal, softmax, scale)


@flops("segment_attention")
def _(query: Shape, _keys: Shape, values: Shape, offsets: Shape) -> int:
    """Of samples of equal length."""
    steps, heads, width = query
    return steps * (steps // max(offsets[0] - 1, 1)) * heads * 2 * (width + values[2])


@_forward.register_fake
def _(query: Tensor, _keys: Tensor, values: Tensor, *_others: Any) -> Tensor:
    return query.new_empty(query.shape[0], *values.shape[1:])


@_backward.register_fake
def _(_grad: Tensor, query: Tensor, keys: Tensor, values: Tensor, *_others: Any) -> tuple[Tensor, Tensor, Tensor]:
    return query.new_empty(query.shape), keys.new_empty(keys.shape), values.new_empty(values.shape)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG001 - torch passes it by name
    ctx.save_for_backward(*inputs[:4])
    ctx.form = inputs[4:]


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return *_backward(grad, *ctx.saved_tensors, *ctx.form), None, None, None, None


_forward.register_autograd(_differentiate, setup_context=_save)
sum_in_32_bits(_forward)
