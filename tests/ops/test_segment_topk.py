"""What the retrieved steps are, by brute force."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind

ROWS = st.lists(st.lists(st.integers(-2, 2), max_size=12), max_size=6)


def best(row: list[float], k: int) -> list[int]:
    """Places of the k largest, of equal ones the later, in rising order."""
    ranked = sorted(range(len(row)), key=lambda t: (row[t], t), reverse=True)
    return sorted(ranked[:k])


@pytest.mark.parametrize("kernel", ["reference", "cpu"])
@given(rows=ROWS, k=st.integers(1, 8))
def test_retrieves_the_best_and_of_equals_the_latest(kernel: Kernel, rows: list[list[float]], k: int) -> None:
    scores = Jagged.from_lists(rows, torch.float32)
    retrieved, index = bind("segment_topk", kernel).call(scores, k)
    wanted = [int(start) + t for start, row in zip(scores.offsets, rows, strict=False) for t in best(row, k)]
    assert index.tolist() == wanted
    assert retrieved.lengths.tolist() == [min(k, len(row)) for row in rows]
    assert retrieved.values.tolist() == scores.values[index].tolist()
    assert retrieved.rows.tolist() == scores.rows[index].tolist()
    assert retrieved.max_length == min(k, scores.max_length)


@pytest.mark.parametrize("kernel", ["reference", "cpu"])
def test_scores_that_are_not_numbers_keep_the_index_inside(kernel: Kernel) -> None:
    scores = Jagged.from_lists([[float("nan")] * 4, [1.0, float("nan"), float("inf")]])
    retrieved, index = bind("segment_topk", kernel).call(scores, 2)
    assert retrieved.lengths.tolist() == [2, 2]
    assert scores.rows[index].tolist() == [0, 0, 1, 1]
    assert len(set(index.tolist())) == 4
