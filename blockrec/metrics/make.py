"""From a metric's name and settings to what measures it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from blockrec.language.metrics import Metric
from blockrec.metrics import ranking, sums
from blockrec.metrics.auc import Auc, group_auc
from blockrec.metrics.calibration import ece
from blockrec.metrics.groups import Grouped
from blockrec.metrics.library import LIBRARY, FromLibrary
from blockrec.metrics.measure import Measure
from blockrec.metrics.ranking import ranked
from blockrec.metrics.sums import Summed, Whole
from blockrec.metrics.xauc import Xauc, group_xauc

SUMMED: Mapping[str, Callable[[Mapping[str, Any]], Summed]] = {
    "logloss": lambda _: sums.logloss(),
    "normalized_entropy": lambda _: sums.normalized_entropy(),
    "ece": lambda settings: ece(settings["bins"]),
    "accuracy": lambda settings: sums.accuracy(settings["threshold"]),
    "mae": lambda _: sums.mae(),
    "mse": lambda _: sums.mse(),
    "rmse": lambda _: sums.rmse(),
}


def is_ordered(metric: Metric) -> bool:
    """Whether its rows must come in order of group and score; of the others any order will do."""
    return metric.by is not None or metric.kind.name == "auc"


def made(metric: Metric) -> Measure:
    """A fresh measure of rows; not of metrics over the catalogue."""
    name, settings = metric.kind.name, metric.settings
    if metric.kind.ranking:
        return Grouped(ranked(ranking.METRICS[name], metric.k), "groups", "no group has positives and others to rank")
    if name in ("auc", "gauc"):
        reason = f"every group has labels of one class only: {name.upper()} needs a group with both"
        return Grouped(group_auc, settings["average"], reason) if metric.by else Auc()
    if name == "xauc":
        reason = "in every group all labels are equal: XAUC needs different ones"
        return Grouped(group_xauc, settings["average"], reason) if metric.by else Xauc()
    summed = SUMMED[name](settings)
    if metric.by:
        return Grouped(summed.of_groups, settings["average"], f"in every group {summed.undefined}")
    return FromLibrary(name) if name in LIBRARY else Whole(summed)
