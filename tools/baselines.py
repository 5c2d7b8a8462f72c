"""What can be told without a model: how popular an item is, and how much of the history has its category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blockrec.data import Dataset, Split, open_dataset
from blockrec.diagnostics import Diagnostics
from blockrec.jagged import Jagged
from blockrec.language.document import load

READ = ("item", "category", "behaviors.item", "behaviors.category", "click")
MODEL = """
blockrec: 1
name: baselines
graph:
  vector: {block: embed, in: [item, category], dim: 4}
  logit: {block: linear, in: vector, out: 1}
tasks: {click: {logits: logit, loss: bce}}
"""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Baselines:
    """Test AUC of both, and the number of test samples."""

    popularity: float
    category_share: float
    samples: int


def baselines(card: str, sets: Sequence[str]) -> Baselines:
    """Of a card with the common names; raises `BlockrecError` where its data are not."""
    dataset = _dataset(card, sets)
    counts, test = popularity(dataset.splits["train"]), dataset.splits["test"]
    labels, popular, shares = [], [], []
    for batch in test.batches(8192):
        labels.append(_array(batch["click"]))
        popular.append(_counted(counts, _array(batch["item"])))
        shares.append(category_share(_array(batch["category"]), batch["behaviors.category"]))
    label = np.concatenate(labels)
    return Baselines(auc(np.concatenate(popular), label), auc(np.concatenate(shares), label), test.rows)


def _dataset(card: str, sets: Sequence[str]) -> Dataset:
    report = Diagnostics()
    document = load(MODEL, report, data=card, sets=sets)
    report.raise_errors()
    assert document is not None
    dataset = open_dataset(document.evaluated("data"), document.features, READ, report)
    report.raise_errors()
    assert dataset is not None
    return dataset


def popularity(train: Split) -> Floats:
    """[rows of the table] how often an item stands in the histories of the training part, every event once."""
    columns, part = train.gather.columns, slice(train.first, train.first + train.rows)
    start, end = columns["behaviors/start"][part], columns["behaviors/end"][part]
    steps = np.asarray(train.gather.steps["behaviors.item"])
    change = np.zeros(len(steps) + 1, np.int64)
    np.add.at(change, start, 1)
    np.add.at(change, end, -1)
    return np.bincount(steps[np.cumsum(change[:-1]) > 0]).astype(float)


def _counted(counts: Floats, rows: NDArray[np.int64]) -> Floats:
    return np.where(rows < len(counts), counts[np.minimum(rows, len(counts) - 1)], 0.0)


def category_share(category: NDArray[np.int64], history: Any) -> Floats:
    """[b] share of the steps that have the category of the sample; 0 for an empty history."""
    assert isinstance(history, Jagged)
    owner, lengths = _array(history.rows), _array(history.lengths)
    same = _array(history.values) == category[owner]
    found: Floats = np.bincount(owner, same, minlength=len(category)) / np.maximum(lengths, 1)
    return found


def auc(score: Floats, label: NDArray[Any]) -> float:
    """The probability that a click has a higher score than another sample; ties count half."""
    values, place, number = np.unique(score, return_inverse=True, return_counts=True)
    assert len(values)
    middle = np.cumsum(number) - (number - 1) / 2
    positive = label > 0
    clicks, others = positive.sum(), (~positive).sum()
    return float((middle[place][positive].sum() - clicks * (clicks + 1) / 2) / (clicks * others))


def _array(tensor: Any) -> NDArray[Any]:
    return np.asarray(tensor.numpy())
