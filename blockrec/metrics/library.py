"""Metrics that torchmetrics computes batch by batch, in 64-bit numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from blockrec.metrics.measure import Array, Measure, Numbers, check_rows


def _mae() -> Any:
    from torchmetrics.regression import MeanAbsoluteError

    return MeanAbsoluteError()


def _mse() -> Any:
    from torchmetrics.regression import MeanSquaredError

    return MeanSquaredError()


def _rmse() -> Any:
    from torchmetrics.regression import MeanSquaredError

    return MeanSquaredError(squared=False)


LIBRARY: Mapping[str, Callable[[], Any]] = {"mae": _mae, "mse": _mse, "rmse": _rmse}


class FromLibrary(Measure):
    """One of `LIBRARY`."""

    def __init__(self, name: str) -> None:
        self.metric = LIBRARY[name]().set_dtype(torch.float64)
        self.rows = 0

    def add(self, scores: Numbers, labels: Numbers, starts: Array) -> None:  # noqa: ARG002 - one group holds all
        if len(scores):
            self.metric.update(_tensor(scores), _tensor(labels))
            self.rows += len(scores)

    def value(self) -> float:
        check_rows(self.rows)
        return float(self.metric.compute())


def _tensor(values: Numbers) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))
