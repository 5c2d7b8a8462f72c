"""Initial values that a model file asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

INITS: dict[str, Callable[[Tensor, float], Any]] = {
    "normal": lambda weight, std: weight.normal_(0.0, std),
    "uniform": lambda weight, bound: weight.uniform_(-bound, bound),
    "constant": lambda weight, value: weight.fill_(value),
}
"""Kind → fills a tensor in place, by its one number."""

TABLE = ("normal", 0.01)
"""Of a table whose feature asks for nothing."""


@torch.no_grad()
def initialise(weight: Tensor, kind: str, value: float) -> None:
    """Draw the first values of a parameter."""
    INITS[kind](weight, value)
