"""NDCG and hits against their definition, step by step."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.run.analyze.ranking import Agreement, order

ROWS = st.lists(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 4)), max_size=9), min_size=1, max_size=5)


def by_hand(rows: list[list[tuple[int, int]]], top: int) -> tuple[list[float], list[float], int]:
    ndcg, hits, counted = [0.0] * top, [0.0] * top, 0
    for row in rows:
        ranked = sorted(range(len(row)), key=lambda t: (-row[t][0], -t))
        best = sorted(range(len(row)), key=lambda t: (-row[t][1], -t))[:top]
        ideal = sum(row[t][1] / math.log2(r + 2) for r, t in enumerate(best))
        if ideal == 0:
            continue
        counted += 1
        for i in range(1, top + 1):
            ndcg[i - 1] += sum(row[t][1] / math.log2(r + 2) for r, t in enumerate(ranked[:i])) / ideal
            hits[i - 1] += len({*ranked[:i]} & {*best})
    return ndcg, hits, counted


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, top=st.integers(1, 12), cut=st.integers(0, 5))
def test_they_are_what_they_say(rows: list[list[tuple[int, int]]], top: int, cut: int) -> None:
    agreement = Agreement(top)
    for part in (rows[:cut], rows[cut:]):
        flat = np.array([step for row in part for step in row], np.float64).reshape(-1, 2)
        offsets = np.cumsum([0, *map(len, part)])
        agreement.add(flat[:, 0], flat[:, 1], offsets, np.ones(len(part), bool))
    ndcg, hits, counted = by_hand(rows, top)
    assert agreement.rows == counted
    assert np.allclose(agreement.ndcg, ndcg) and np.allclose(agreement.hits, hits)


def test_the_ideal_order_has_the_value_1_at_the_top_and_less_before() -> None:
    agreement = Agreement(3)
    relevance = np.array([0.1, 0.5, 0.2, 0.9])
    agreement.add(relevance, relevance, np.array([0, 4]), np.array([True]))
    ndcg, hits = agreement.means()
    assert ndcg[-1] == pytest.approx(1) and ndcg[0] < ndcg[1] < 1 and hits == [1, 2, 3]


def test_samples_that_are_not_kept_do_not_count() -> None:
    agreement = Agreement(2)
    agreement.add(np.ones(4), np.ones(4), np.array([0, 2, 4]), np.array([True, False]))
    assert agreement.rows == 1
    assert all(math.isnan(x) for x in Agreement(2).means()[0])


def test_of_equal_scores_the_later_step_comes_first() -> None:
    assert order(np.array([[1.0, 2, 1, 2]])).tolist() == [[3, 1, 2, 0]]
