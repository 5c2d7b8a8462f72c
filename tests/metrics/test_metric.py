"""Metrics against their definitions, written as slow as they read."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from blockrec.metrics.metric import Undefined, auc, gauc, logloss, metrics

Row = tuple[int, int, int]
ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1), st.integers(-2, 3)), min_size=1, max_size=40)


def columns(rows: list[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """(scores with many ties, labels, groups)."""
    scores, labels, groups = zip(*rows, strict=True)
    return torch.tensor(scores) / 4, torch.tensor(labels, dtype=torch.float32), torch.tensor(groups)


def slow_auc(rows: list[Row]) -> float | None:
    """The share of (positive, negative) pairs in the right order; equal scores count one half."""
    pairs = [(p, n) for p, label, _ in rows if label for n, other, _ in rows if not other]
    return sum((p > n) + 0.5 * (p == n) for p, n in pairs) / len(pairs) if pairs else None


@given(ROWS)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[Row]) -> None:
    scores, labels, _ = columns(rows)
    wanted = slow_auc(rows)
    if wanted is None:
        with pytest.raises(Undefined, match="both classes"):
            auc(scores, labels)
    else:
        assert auc(scores, labels) == pytest.approx(wanted, abs=1e-6)


@given(ROWS)
def test_gauc_is_the_mean_of_the_groups_weighted_by_size(rows: list[Row]) -> None:
    groups = {g: [row for row in rows if row[2] == g] for _, _, g in rows}
    found = [(value, len(own)) for own in groups.values() if (value := slow_auc(own)) is not None]
    if not found:
        with pytest.raises(Undefined, match="one class"):
            gauc(*columns(rows))
    else:
        wanted = sum(v * n for v, n in found) / sum(n for _, n in found)
        assert gauc(*columns(rows)) == pytest.approx(wanted, abs=1e-12)


def test_auc_of_many_scores_by_ranks() -> None:
    """Exact enough where every score differs and there are many: against the rank sum."""
    torch.manual_seed(0)
    labels = (torch.rand(300_000) < 0.3).float()
    scores = torch.rand(300_000, dtype=torch.float64) + 0.1 * labels
    ranks = torch.empty(300_000, dtype=torch.float64)
    ranks[scores.argsort()] = torch.arange(1, 300_001, dtype=torch.float64)
    positives = int(labels.sum())
    wins = ranks[labels > 0].sum().item() - positives * (positives + 1) / 2
    assert auc(scores, labels) == pytest.approx(wins / positives / (300_000 - positives), abs=2e-6)


def test_a_group_of_everyone_gives_the_auc() -> None:
    torch.manual_seed(0)
    scores, labels = torch.rand(500), (torch.rand(500) < 0.5).float()
    assert gauc(scores, labels, torch.zeros(500)) == pytest.approx(auc(scores, labels), abs=1e-6)


def test_logloss() -> None:
    found = logloss(torch.tensor([0.9, 0.2, 0.5]), torch.tensor([1.0, 0.0, 1.0]))
    assert found == pytest.approx(-(math.log(0.9) + math.log(0.8) + math.log(0.5)) / 3)


def test_logloss_of_a_certain_mistake_is_finite() -> None:
    assert 15 < logloss(torch.tensor([0.0]), torch.tensor([1.0])) < 17


@pytest.mark.parametrize("measure", [auc, logloss, gauc])
def test_no_samples(measure: object) -> None:
    empty = torch.empty(0)
    with pytest.raises(Undefined, match="no samples"):
        measure(empty, empty, empty)  # type: ignore[operator]


def test_words() -> None:
    found = metrics(["auc", {"gauc": {"by": "user"}}, {"gauc": {"by": "category"}}, "logloss"])
    assert [(m.name, m.by) for m in found] == [
        ("auc", None),
        ("gauc", "user"),
        ("gauc_category", "category"),
        ("logloss", None),
    ]
    better = {m.name: m.better(0.6, 0.5) for m in found}
    assert better == {"auc": True, "gauc": True, "gauc_category": True, "logloss": False}
    assert all(m.better(0.1, None) and not m.better(0.5, 0.5) for m in found)
