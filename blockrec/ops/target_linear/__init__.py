"""The first layer of a scoring network over [query, key, query − key, query · key], without building that concat.

With the weight [h, 4d] split into Wq, Wk, Wd, Wp the layer is
key (Wk − Wd)ᵀ + (query · key) Wpᵀ + query (Wq + Wd)ᵀ + bias:
half the products, and the query's part is computed once a sample.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged
from blockrec.ops.serving import serve_gpu, sum_in_32_bits
from blockrec.ops.work import Shape, flops


def target_linear(query: Tensor, keys: Jagged, weight: Tensor, bias: Tensor | None) -> Jagged:
    """Query [b, q], keys [b, t, d], weight [h, 4d], bias [h] → [b, t, h]; q < d counts as padded with zeros."""
    width = query.shape[1]
    of_query, of_key, of_difference, of_product = weight.chunk(4, dim=1)
    once = torch.nn.functional.linear(query, (of_query + of_difference)[:, :width], bias)
    values = _forward(query, keys.values, once, of_key - of_difference, of_product[:, :width], keys.offsets)
    return keys.like(values)


@custom_op("blockrec::target_linear", mutates_args=(), device_types="cpu")
def _forward(query: Tensor, keys: Tensor, once: Tensor, of_key: Tensor, of_product: Tensor, offsets: Tensor) -> Tensor:
    from blockrec.ops.target_linear import cpu

    return cpu.forward(query, keys, once, of_key, of_product, offsets)


@custom_op("blockrec::target_linear_backward", mutates_args=(), device_types="cpu")
def _backward(
    grad: Tensor, query: Tensor, keys: Tensor, of_key: Tensor, of_product: Tensor, offsets: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    from blockrec.ops.target_linear import cpu

    return cpu.backward(grad, query, keys, of_key, of_product, offsets)


@flops("target_linear")
def _(query: Shape, keys: Shape, once: Shape, *_others: Shape) -> int:
    steps, width = keys
    return steps * (2 * (width + query[1]) * once[1] + query[1] + once[1])


@_forward.register_fake
def _(_query: Tensor, keys: Tensor, once: Tensor, *_others: Tensor) -> Tensor:
    return keys.new_empty(keys.shape[0], once.shape[1])


@_backward.register_fake
def _(
    grad: Tensor, query: Tensor, keys: Tensor, of_key: Tensor, of_product: Tensor, _offsets: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    once = query.new_empty(query.shape[0], grad.shape[1])
    empty = [x.new_empty(x.shape) for x in (query, keys, of_key, of_product)]
    return empty[0], empty[1], once, empty[2], empty[3]


def _save(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ARG001 - torch passes it by name
    query, keys, _, *others = inputs
    ctx.save_for_backward(query, keys, *others)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return *_backward(grad, *ctx.saved_tensors), None


_forward.register_autograd(_differentiate, setup_context=_save)
sum_in_32_bits(_forward)
serve_gpu("target_linear", forward=_forward, backward=_backward)
