"""A step of Adam on the rows of a table that a batch touched."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.library import custom_op

from blockrec.ops.serving import serve_gpu


class Options(NamedTuple):
    """lr, beta1, beta2, eps of Adam. weight_decay: L2 penalty on the rows that are touched."""

    lr: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float


def lazy_adam(
    weight: Tensor, mean: Tensor, square: Tensor, step: Tensor, ids: Tensor, gradients: Tensor, options: Options
) -> None:
    """Update weight, mean, square [v, d] and step [v] int32 in place, only in the rows `ids` [n], which may repeat.

    Kingma & Ba, "Adam", ICLR 2015, algorithm 1, with g = Σ gradients [n, d] of a row's occurrences. Each row counts
    its own steps for the bias correction: it moves exactly as Adam would move it if the steps that miss it did not
    exist. (With one count for all, the first step of a row that is met late is (1 − β₁) / √(1 − β₂) = 3.2 times lr.)
    No autograd.
    """
    _update(weight, mean, square, step, ids, gradients, *options)


@custom_op("blockrec::lazy_adam", mutates_args=("weight", "mean", "square", "step"), device_types="cpu")
def _update(
    weight: Tensor,
    mean: Tensor,
    square: Tensor,
    step: Tensor,
    ids: Tensor,
    gradients: Tensor,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
) -> None:
    from blockrec.ops.lazy_adam import cpu

    cpu.update(weight, mean, square, step, ids, gradients, Options(lr, beta1, beta2, eps, weight_decay))


@_update.register_fake
def _(*_inputs: Tensor | float) -> None:
    """It changes its inputs in place."""


serve_gpu("lazy_adam", update=_update)
