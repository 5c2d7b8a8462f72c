"""Batch normalization."""

from __future__ import annotations

import torch
from torch import nn

from blockrec.blocks.normalization.batch_norm import BatchNorm


def test_is_torch_s() -> None:
    ours, torchs = BatchNorm(3), nn.BatchNorm1d(3)
    for training in (True, True, False):
        x = torch.randn(8, 3) * 2 + 1
        torch.testing.assert_close(ours.train(training)(x), torchs.train(training)(x))


def test_statistics_of_the_batch_in_evaluation_leave_the_averages_alone() -> None:
    x, norm = torch.randn(8, 3) * 2 + 1, BatchNorm(3, statistics="batch")
    trained, averages = norm(x), norm.running_mean.clone()
    torch.testing.assert_close(norm.eval()(x), trained)
    assert norm.running_mean.equal(averages)


def test_one_row_is_normalized_by_the_averages() -> None:
    norm = BatchNorm(3, statistics="batch")
    norm(torch.randn(8, 3))
    row = torch.randn(1, 3)
    for training in (True, False):
        torch.testing.assert_close(
            norm.train(training)(row), (row - norm.running_mean) / (norm.running_var + 1e-5).sqrt()
        )
