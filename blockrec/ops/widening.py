"""Sums of 32 bits where products are of 16 bits: what kernels declare to autocast, for plain torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import torch
from torch import Tensor

from blockrec.jagged import Jagged

HALVES = (torch.bfloat16, torch.float16)
Value = TypeVar("Value")


def widened(value: Value) -> Value:
    """16-bit floats, alone or of a sequence, as 32-bit ones; anything else as it is."""
    wide: Any = value
    if isinstance(value, Jagged):
        wide = value.like(widened(value.values))
    elif isinstance(value, Tensor) and value.dtype in HALVES:
        wide = value.float()
    found: Value = wide
    return found


def wide(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on widened inputs where autocast is on."""

    @wraps(function)
    def call(*inputs: Any, **options: Any) -> Any:
        if not any(torch.is_autocast_enabled(device) for device in ("cpu", "cuda", "mps")):
            return function(*inputs, **options)
        return function(*map(widened, inputs), **{name: widened(value) for name, value in options.items()})

    return call
