"""A linear map."""

from __future__ import annotations

import torch

from blockrec.blocks.tower.linear import Linear


def test_is_affine() -> None:
    x, linear = torch.randn(8, 3), Linear(3, out=2)
    torch.testing.assert_close(linear(x), x @ linear.weight.T + linear.bias)


def test_without_bias_zero_stays_zero() -> None:
    assert Linear(3, out=2, bias=False)(torch.zeros(1, 3)).eq(0).all()
