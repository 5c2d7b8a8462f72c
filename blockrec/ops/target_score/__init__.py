"""Scores of each step for its sample's query by a network over [query, key, query − key, query · key].

The first layer is that of `target_linear`; between layers x < 0 becomes slope · x, a slope of 0 being a ReLU. One
operator computes all layers, since what lies between the products costs more than they do when torch does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from blockrec.jagged import Jagged
from blockrec.ops.serving import sum_in_32_bits
from blockrec.ops.work import Shape, flops


def target_score(
    query: Tensor, keys: Jagged, weights: Sequence[Tensor], biases: Sequence[Tensor], slopes: Sequence[Tensor] | float
) -> Jagged:
    """Query [b, q] and keys [b, t, d] → [b, t]; q < d counts as padded with zeros.

    weights: [h1, 4d], [h2, h1], …, [1, hn], biases [h1], [h2], …, [1]. slopes: a learned one [1] for each of the n
    hidden layers, or one number for all.
    """
    width = query.shape[1]
    of_query, of_key, of_difference, of_product = weights[0].chunk(4, dim=1)
    once = torch.nn.functional.linear(query, (of_query + of_difference)[:, :width], biases[0])
    of_step = torch.cat([of_key - of_difference, of_product[:, :width]], dim=1)
    learned, fixed = ([], slopes) if isinstance(slopes, float) else ([*slopes], 1.0)
    given = (query, keys.values, once, of_step, keys.offsets, [*weights[1:]], [*biases[1:]], learned, fixed)
    return keys.like(_forward(*given)[0])


@custom_op("blockrec::target_score", mutates_args=(), device_types="cpu")
def _forward(
    query: Tensor,
    keys: Tensor,
    once: Tensor,
    of_step: Tensor,
    offsets: Tensor,
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    slopes: Sequence[Tensor],
    slope: float,
) -> list[Tensor]:
    """The scores [Σt], then what the backward pass reads."""
    from blockrec.ops.target_score import cpu

    return cpu.forward(query, keys, once, of_step, offsets, weights, biases, slopes, slope)


@custom_op("blockrec::target_score_backward", mutates_args=(), device_types="cpu")
def _backward(
    grad: Tensor,
    query: Tensor,
    keys: Tensor,
    of_step: Tensor,
    offsets: Tensor,
    weights: Sequence[Tensor],
    slopes: Sequence[Tensor],
    kept: Sequence[Tensor],
    slope: float,
) -> list[Tensor]:
    """Gradients of query, keys, once, of_step, then of all weights, all biases and all slopes."""
    from blockrec.ops.target_score import cpu

    return cpu.backward(grad, query, keys, of_step, offsets, weights, slopes, kept, slope)


@flops("target_score")
def _(
    query: Shape,
    keys: Shape,
    once: Shape,
    of_step: Shape,
    _offsets: Shape,
    weights: Sequence[Shape],
    *_others: Any,
) -> int:
    steps, each = keys[0], query[1] + once[1] + 2 * of_step[0] * of_step[1]
    return steps * (each + sum(2 * out * width + 2 * width + out for out, width in weights))


@_forward.register_fake
def _(
    _query: Tensor,
    keys: Tensor,
    once: Tensor,
    of_step: Tensor,
    _offsets: Tensor,
    weights: Sequence[Tensor],
    _biases: Sequence[Tensor],
    slopes: Sequence[Tensor],
    _slope: float,
) -> list[Tensor]:
    hidden = [w.shape[1] for w in weights[:-1]]
    widths = [of_step.shape[1], *hidden, *(hidden if slopes else []), weights[-1].shape[1]]
    return [keys.new_empty(keys.shape[0]), *(once.new_empty(keys.shape[0], width) for width in widths)]


@_backward.register_fake
def _(
    _grad: Tensor,
    query: Tensor,
    keys: Tensor,
    of_step: Tensor,
    _offsets: Tensor,
    weights: Sequence[Tensor],
    slopes: Sequence[Tensor],
    _kept: Sequence[Tensor],
    _slope: float,
) -> list[Tensor]:
    once = query.new_empty(query.shape[0], of_step.shape[0])
    biases = [w.new_empty(w.shape[0]) for w in weights]
    return [
        torch.empty_like(query),
        torch.empty_like(keys),
        once,
        *map(torch.empty_like, [of_step, *weights]),
        *biases,
        *map(torch.empty_like, slopes),
    ]


def _save(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    query, keys, _, of_step, offsets, weights, _, slopes, ctx.slope = inputs
    ctx.layers, ctx.learned = len(weights), len(slopes)
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(query, keys, of_step, offsets, *weights, *slopes, *output[1:])


def _differentiate(ctx: Any, grads: list[Tensor]) -> tuple[Any, ...]:
    query, keys, of_step, offsets, *others = ctx.saved_tensors
    layers, learned = ctx.layers, ctx.learned
    weights, slopes, kept = others[:layers], others[layers : layers + learned], others[layers + learned :]
    found = _backward(grads[0], query, keys, of_step, offsets, weights, slopes, kept, ctx.slope)
    of_layers = found[4:]
    return *found[:4], None, of_layers[:layers], of_layers[layers : 2 * layers], of_layers[2 * layers :], None


_forward.register_autograd(_differentiate, setup_context=_save)
sum_in_32_bits(_forward)
