"""Products of 16 bits inside of a model, losses and results of 32 bits."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from blockrec.ops.widening import widened


def casting(model: nn.Module) -> AbstractContextManager[Any]:
    """Autocast as the model's `precision` says; nothing for 32 bits."""
    precision: torch.dtype = getattr(model, "precision", torch.float32)
    if precision is torch.float32:
        return nullcontext()
    first = next(model.parameters(), None)
    return torch.autocast("cpu" if first is None else first.device.type, precision)


def widen_inputs(loss: nn.Module) -> None:
    """Let a loss take 32-bit inputs, whatever precision the model has: it sums over the rows."""
    loss.register_forward_pre_hook(_widen)


def _widen(_loss: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(widened, inputs))
