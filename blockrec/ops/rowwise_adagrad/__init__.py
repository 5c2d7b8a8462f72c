"""A step of Adagrad with one accumulator a row, on the rows of a table that a batch touched."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.library import custom_op

from blockrec.ops.serving import serve_gpu


class Options(NamedTuple):
    """lr: learning rate. eps: keeps the division finite. weight_decay: L2 penalty on the rows that are touched."""

    lr: float
    eps: float
    weight_decay: float


def rowwise_adagrad(weight: Tensor, accumulator: Tensor, ids: Tensor, gradients: Tensor, options: Options) -> None:
    """Update weight [v, d] and accumulator [v] in place, only in the rows `ids` [n], which may repeat.

    g = Σ gradients [n, d] of a row's occurrences, a += mean(g²), w −= lr · g / (√a + eps): the row-wise form of Duchi
    et al., "Adaptive Subgradient Methods", JMLR 2011, in which large recommenders train tables. No autograd.
    """
    _update(weight, accumulator, ids, gradients, *options)


@custom_op("blockrec::rowwise_adagrad", mutates_args=("weight", "accumulator"), device_types="cpu")
def _update(
    weight: Tensor, accumulator: Tensor, ids: Tensor, gradients: Tensor, lr: float, eps: float, weight_decay: float
) -> None:
    from blockrec.ops.rowwise_adagrad import cpu

    cpu.update(weight, accumulator, ids, gradients, Options(lr, eps, weight_decay))


@_update.register_fake
def _(*_inputs: Tensor | float) -> None:
    """It changes its inputs in place."""


serve_gpu("rowwise_adagrad", update=_update)
