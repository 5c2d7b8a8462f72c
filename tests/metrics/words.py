"""A metric as a model file writes it, of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from blockrec.language.metrics import read_metrics
from blockrec.metrics.table import Table, measured


def value(word: Any, scores: Any, labels: Any, groups: Any = None) -> float:
    """Of the one metric that `word` names. Raises `Undefined`."""
    (metric,) = read_metrics([word])
    return measured(metric, np.asarray(scores), np.asarray(labels), None if groups is None else np.asarray(groups))


def table(words: list[Any], held: int, rows: list[tuple[float, float, int]], batch: int = 5) -> Table:
    """A table that has seen rows (score, label, group) batch by batch; the groups are those of `user`."""
    found = Table(read_metrics(words), held=held)
    for start in range(0, len(rows), batch):
        scores, labels, groups = (np.array(column) for column in zip(*rows[start : start + batch], strict=True))
        found.add(scores, labels, {"user": groups})
    return found
