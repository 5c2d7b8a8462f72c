"""Batch normalization."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis
from blockrec.registry import block


@block("batch_norm")
class BatchNorm(nn.BatchNorm1d):
    """Scale every channel to mean 0 and variance 1, then by a learned scale and shift.

    out = (x − mean) / √(variance + 1e-5) · scale + shift, with the statistics of the batch in training and their
    running average (momentum 0.1) in evaluation. Ioffe & Szegedy, "Batch Normalization", ICML 2015. The steps of a
    sequence are rows like any others; there is no padding to distort the statistics. Fewer than two rows have no
    variance: the running average serves then, in training too.

    Args:
        statistics: in evaluation, `running` averages, or those of the `batch` at hand, by which a prediction depends on
            the other rows (published code that never leaves training mode does that).
        affine: learn a scale and a shift.
    """

    def __init__(self, d: Axis, *, statistics: Literal["running", "batch"] = "running", affine: bool = True) -> None:
        super().__init__(d, affine=affine)
        self.statistics = statistics

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        rows = x.reshape(-1, x.shape[-1])
        return self._normalized(rows).view(x.shape)

    def _normalized(self, rows: Tensor) -> Tensor:
        if rows.shape[0] > 1 and self.training:
            return super().forward(rows)
        if rows.shape[0] > 1 and self.statistics == "batch":
            return F.batch_norm(rows, None, None, self.weight, self.bias, True, eps=self.eps)
        return F.batch_norm(rows, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
