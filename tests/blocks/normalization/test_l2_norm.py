"""Vectors of length one."""

from __future__ import annotations

import torch

from blockrec.blocks.normalization.l2_norm import L2Norm


def test_length_one_and_direction() -> None:
    x = torch.randn(5, 4)
    y = L2Norm()(x)
    torch.testing.assert_close(y.norm(dim=-1), torch.ones(5))
    torch.testing.assert_close(y * x.norm(dim=-1, keepdim=True), x)


def test_zero_stays_zero_with_a_finite_gradient() -> None:
    x = torch.zeros(1, 4, requires_grad=True)
    y = L2Norm()(x)
    y.sum().backward()
    assert y.eq(0).all() and x.grad.isfinite().all()
