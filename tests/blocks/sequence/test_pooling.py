"""`attend`, `topk_attend`, `mean_pool` and `spread`, by how they relate."""

from __future__ import annotations

import torch

from blockrec.blocks.sequence.attend import Attend
from blockrec.blocks.sequence.mean_pool import MeanPool
from blockrec.blocks.sequence.spread import Spread
from blockrec.blocks.sequence.topk_attend import TopKAttend
from blockrec.jagged import Jagged, offsets_of

LENGTHS = torch.tensor([4, 0, 1, 6])


def steps(*width: int) -> Jagged:
    values = torch.randn(int(LENGTHS.sum()), *width, dtype=torch.float64, requires_grad=True)
    return Jagged(values, offsets_of(LENGTHS), 6)


def test_equal_scores_give_the_mean() -> None:
    values = steps(3)
    scores = values.like(torch.zeros(11, dtype=torch.float64))
    torch.testing.assert_close(Attend()(scores, values).out, MeanPool()(values))


def test_weights_sum_to_one_and_ignore_a_shift() -> None:
    scores, values = steps(), steps(3)
    found = Attend()(scores, values)
    totals = torch.zeros(4, dtype=torch.float64).index_add(0, scores.rows, found.weights.values)
    torch.testing.assert_close(totals, (LENGTHS > 0).double())
    torch.testing.assert_close(Attend()(scores.like(scores.values + 100), values).out, found.out)


def test_large_k_attends_to_everything() -> None:
    scores, values = steps(), steps(3)
    torch.testing.assert_close(TopKAttend(k=6)(scores, values).out, Attend()(scores, values).out)


def test_k_one_returns_the_best_step() -> None:
    scores, values = steps(), steps(3)
    found = TopKAttend(k=1)(scores, values)
    assert found.index.lengths.tolist() == [1, 0, 1, 1]
    for row, place in zip(found.index.rows.tolist(), found.index.values.tolist(), strict=True):
        own = slice(int(scores.offsets[row]), int(scores.offsets[row + 1]))
        assert place == int(scores.values[own].argmax())
        torch.testing.assert_close(found.out[row], values.values[own][place])


def test_gradients_reach_retrieved_steps_only() -> None:
    scores, values = steps(), steps(3)
    found = TopKAttend(k=2)(scores, values)
    found.out.square().sum().backward()
    retrieved = torch.zeros(11, dtype=torch.bool)
    retrieved[found.index.values + found.index.offsets.new_tensor([0, 4, 4, 5])[found.index.rows]] = True
    assert values.values.grad.ne(0).any(-1).equal(retrieved)
    assert not scores.values.grad[~retrieved].any()


def test_mean_of_a_spread_vector_is_the_vector() -> None:
    x = torch.randn(4, 3, dtype=torch.float64)
    torch.testing.assert_close(MeanPool()(Spread()(x, steps(2))), x * (LENGTHS > 0).unsqueeze(1))


def test_smoothing_counts_as_steps_of_zeros() -> None:
    values = steps(3)
    totals = torch.zeros(4, 3, dtype=torch.float64).index_add(0, values.rows, values.values)
    torch.testing.assert_close(MeanPool(smoothing=2)(values), totals / (LENGTHS + 2)[:, None])
