"""Activation functions that blocks offer by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from blockrec.blocks.normalization.batch_norm import BatchNorm

Activation = Literal["relu", "leaky_relu", "prelu", "silu", "gelu", "tanh", "sigmoid", "dice", "none"]


class Dice(nn.Module):
    """y = p·x + (1 − p)·α·x with p = σ(batch norm of x without scale and shift): a PReLU that bends where the data lie.

    Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", KDD 2018, eq. 8. α [d] starts at 0.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = BatchNorm(width, affine=False)
        self.alpha = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        p = torch.sigmoid(self.norm(x))
        return x * (p + (1 - p) * self.alpha)


_MODULES: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}


def activation(name: Activation, width: int) -> nn.Module:
    """A new activation for vectors of `width`. `prelu` has one slope for all of them, `dice` one each."""
    return Dice(width) if name == "dice" else _MODULES[name]()
