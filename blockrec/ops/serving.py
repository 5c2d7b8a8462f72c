"""What operators register beside their CPU kernel, for every device at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch

DEVICES = ("cpu", "cuda")


def serve_gpu(op: str, **operators: Any) -> None:
    """Let `ops/<op>/triton.py` serve GPU tensors by its functions of these names; the first call loads triton."""
    for name, operator in operators.items():
        operator.register_kernel("cuda")(_late(op, name))


def sum_in_32_bits(operator: Any) -> None:
    """Autocast gives an operator 32-bit inputs: its sums are long."""
    for device in DEVICES:
        operator.register_autocast(device, torch.float32)


def _late(op: str, name: str) -> Any:
    def call(*arguments: Any) -> Any:
        return getattr(import_module(f"blockrec.ops.{op}.triton"), name)(*arguments)

    return call
