"""The measures that a task may name, each with what it needs and which way is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc

from blockrec.metrics.gauc import group_auc


class Undefined(Exception):
    """The measure has no value on these samples; `str()` says why."""


@dataclass(frozen=True)
class Metric:
    """A measure of probabilities [n] against labels [n] of 0 and 1.

    by: the column whose equal values make the groups, for a measure within groups.
    """

    name: str
    higher_is_better: bool
    compute: Callable[[Tensor, Tensor, Tensor | None], float]
    by: str | None = None

    def better(self, value: float, than: float | None) -> bool:
        """Is `value` an improvement?"""
        return than is None or (value > than if self.higher_is_better else value < than)


def auc(scores: Tensor, labels: Tensor, _groups: Tensor | None = None) -> float:
    """Area under the ROC curve, exact: equal scores count one half."""
    _check(labels)
    if bool(labels.all()) or not bool(labels.any()):
        raise Undefined(f"all {len(labels)} labels are {int(labels[0])}: AUC needs both classes")
    return float(binary_auroc(scores.to(torch.float64), labels.to(torch.int64)))


def logloss(scores: Tensor, labels: Tensor, _groups: Tensor | None = None) -> float:
    """Mean of −log of the probability given to the true class, in nats, at float32's least distance from 0 and 1."""
    _check(labels)
    edge = torch.finfo(torch.float32).eps
    likely = scores.to(torch.float64).clamp(edge, 1 - edge)
    return float(torch.nn.functional.binary_cross_entropy(likely, labels.to(torch.float64)))


def gauc(scores: Tensor, labels: Tensor, groups: Tensor | None) -> float:
    """AUC within groups, weighted by their sizes."""
    _check(labels)
    assert groups is not None
    value = float(group_auc(scores, labels, groups))
    if value != value:
        raise Undefined("every group has labels of one class only: GAUC needs a group with both")
    return value


def _check(labels: Tensor) -> None:
    if not len(labels):
        raise Undefined("there are no samples")


LOWER_IS_BETTER = {"logloss"}


def higher_is_better(name: str) -> bool:
    """Of a metric as results name it: `logloss`, or `<split>/<task>/<metric>`."""
    return name.rpartition("/")[2] not in LOWER_IS_BETTER


def metrics(words: Any) -> list[Metric]:
    """`[auc, logloss, {gauc: {by: user}}]` → measures with distinct names (`gauc`, a second one `gauc_<by>`)."""
    found: dict[str, Metric] = {}
    for word in words:
        metric = _metric(word)
        name = metric.name if metric.name not in found else f"{metric.name}_{metric.by}"
        found[name] = Metric(name, metric.higher_is_better, metric.compute, metric.by)
    return list(found.values())


def _metric(word: str | Mapping[str, Mapping[str, str]]) -> Metric:
    if isinstance(word, Mapping):
        ((name, options),) = word.items()
        return Metric(name, True, gauc, options["by"])
    return {"auc": Metric("auc", True, auc), "logloss": Metric("logloss", False, logloss)}[word]
