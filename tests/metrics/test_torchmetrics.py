"""Against torchmetrics, wherever it computes the same."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchmetrics.functional import classification, regression, retrieval

from tests.metrics.words import value

WHOLE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "auc": lambda p, y: classification.binary_auroc(p, y.long()),
    "accuracy": lambda p, y: classification.binary_accuracy(p, y.long()),
    "ece": lambda p, y: classification.binary_calibration_error(p, y.long(), n_bins=15),
    "mae": regression.mean_absolute_error,
    "mse": regression.mean_squared_error,
    "rmse": lambda p, y: regression.mean_squared_error(p, y, squared=False),
    "logloss": torch.nn.functional.binary_cross_entropy,
}
LISTS: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "recall": lambda p, y, k: retrieval.retrieval_recall(p, y > 0, top_k=k),
    "precision": lambda p, y, k: retrieval.retrieval_precision(p, y > 0, top_k=k),
    "hit": lambda p, y, k: retrieval.retrieval_hit_rate(p, y > 0, top_k=k),
    "mrr": lambda p, y, k: retrieval.retrieval_reciprocal_rank(p, y > 0, top_k=k),
    "ndcg": lambda p, y, k: retrieval.retrieval_normalized_dcg(p, y.long(), top_k=k),
}


@pytest.fixture(scope="module")
def rows() -> dict[str, Any]:
    draw = np.random.default_rng(1)
    labels = (draw.random(3000) < 0.3).astype(np.float64)
    return {"scores": draw.random(3000), "labels": labels, "groups": draw.integers(0, 300, 3000)}


@pytest.mark.parametrize("name", WHOLE)
def test_of_all_rows(name: str, rows: dict[str, Any]) -> None:
    wanted = WHOLE[name](torch.from_numpy(rows["scores"]), torch.from_numpy(rows["labels"]))
    assert value(name, rows["scores"], rows["labels"]) == pytest.approx(float(wanted), abs=2e-6)


@pytest.mark.parametrize("k", [1, 3, 50])
@pytest.mark.parametrize("name", LISTS)
def test_of_lists_without_ties(name: str, k: int, rows: dict[str, Any]) -> None:
    scores, labels, groups = rows.values()
    gains = labels * np.arange(len(labels)) % 4 if name == "ndcg" else labels
    found = []
    for group in np.unique(groups):
        own = groups == group
        if 0 < (gains[own] > 0).sum() < own.sum():
            found.append(float(LISTS[name](torch.from_numpy(scores[own]), torch.from_numpy(gains[own]), k)))
    assert value({name: {"k": k, "by": "user"}}, scores, gains, groups) == pytest.approx(fmean(found), abs=1e-5)
