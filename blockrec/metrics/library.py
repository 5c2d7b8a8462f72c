"""Metrics that torchmetrics computes batch by batch, in 64-bit numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from blockrec.metrics.measure import Array, Measure, Numbers, check_rows

Settings = Mapping[str, Any]


def _accuracy(_: Settings) -> Any:
    from torchmetrics.classification import BinaryAccuracy

    return BinaryAccuracy()


def _mae(_: Settings) -> Any:
    from torchmetrics.regression import MeanAbsoluteError

    return MeanAbsoluteError()


def _mse(_: Settings) -> Any:
    from torchmetrics.regression import MeanSquaredError

    return MeanSquaredError()


def _rmse(_: Settings) -> Any:
    from torchmetrics.regression import MeanSquaredError

    return MeanSquaredError(squared=False)


LIBRARY: Mapping[str, Callable[[Settings], Any]] = {"accuracy": _accuracy, "mae": _mae, "mse": _mse, "rmse": _rmse}


class FromLibrary(Measure):
    """One of `LIBRARY`. Predicted classes, not probabilities, go into accuracy: torchmetrics would take a number
    beyond 1 for a logit."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.metric = LIBRARY[name](settings).set_dtype(torch.float64)
        self.threshold: float | None = settings.get("threshold")
        self.rows = 0

    def add(self, scores: Numbers, labels: Numbers, starts: Array) -> None:  # noqa: ARG002 - one group holds all
        if len(scores):
            self.metric.update(self._predicted(scores), torch.from_numpy(np.ascontiguousarray(labels)))
            self.rows += len(scores)

    def _predicted(self, scores: Numbers) -> Tensor:
        found = torch.from_numpy(np.ascontiguousarray(scores))
        return found if self.threshold is None else (found > self.threshold).long()

    def value(self) -> float:
        check_rows(self.rows)
        return float(self.metric.compute())
