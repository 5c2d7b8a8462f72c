"""What operators keep for their backward pass."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def save_inputs(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ARG001 - torch passes it by name
    """Keep all inputs and no output."""
    ctx.save_for_backward(*inputs)
