"""Squared error of a number."""

from __future__ import annotations

import torch

from blockrec.blocks.loss.squared_error import SquaredError


def test_is_the_weighted_mean_of_its_formula() -> None:
    output, label = torch.randn(9, 1, dtype=torch.float64), torch.randn(9, dtype=torch.float64)
    weight = torch.rand(9, dtype=torch.float64)
    wanted = (weight * (output[:, 0] - label) ** 2).sum() / weight.sum()
    torch.testing.assert_close(SquaredError()(output, label, weight), wanted)


def test_predicts_what_it_is_given() -> None:
    assert SquaredError().predict(torch.tensor([[3.5], [-2.0]])).tolist() == [3.5, -2.0]
