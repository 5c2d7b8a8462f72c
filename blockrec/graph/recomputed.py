"""Modules whose inner values are computed again in the backward pass, from inputs that are kept.

Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016. `torch.utils.checkpoint` brings random numbers and
autocast back; this also brings back buffers, so that batch statistics are counted once and read as they were.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from blockrec.jagged import Jagged, rows

Buffers = list[tuple[nn.Module, dict[str, Tensor | None]]]


def recomputed(module: nn.Module, *inputs: Any) -> Any:
    """`module(*inputs)`, the same results and gradients bit for bit; kept are only inputs, results and buffers.

    Outside of training it is the plain call.
    """
    if not (module.training and torch.is_grad_enabled()):
        return module(*inputs)
    values = [x.values if isinstance(x, Jagged) else x for x in inputs]  # torch looks for devices in tensors alone

    def call(*fresh: Any) -> Any:
        return module(*(x.like(v) if isinstance(x, Jagged) else v for x, v in zip(inputs, fresh, strict=True)))

    return checkpoint(call, *values, use_reentrant=False, context_fn=partial(_contexts, module))


def recomputed_rows(module: nn.Module, *inputs: Any) -> Any:
    """The same of a row-wise module on the steps of sequences."""
    return rows(partial(recomputed, module), *inputs)


def _contexts(module: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Around the first and around the second computation."""
    before: Buffers = [(m, {k: b if b is None else b.clone() for k, b in m._buffers.items()}) for m in module.modules()]
    return nullcontext(), _InPlace(before)


class _InPlace(AbstractContextManager[None]):
    """Other buffers for a while: exchanged, since autograd refuses what it saved and was overwritten."""

    def __init__(self, buffers: Buffers) -> None:
        self.buffers = buffers
        self.own: Buffers = []

    def __enter__(self) -> None:
        self.own = [(module, dict(module._buffers)) for module, _ in self.buffers]
        self._put(self.buffers)

    def __exit__(self, *_: object) -> None:
        self._put(self.own)

    def _put(self, buffers: Buffers) -> None:
        for module, values in buffers:
            module._buffers.update(values)
