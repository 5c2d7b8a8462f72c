"""Layer normalization."""

from __future__ import annotations

import torch

from blockrec.blocks.normalization.layer_norm import LayerNorm


def test_every_vector_has_mean_zero_and_variance_one() -> None:
    y = LayerNorm(64)(torch.randn(5, 64) * 3 + 2)
    torch.testing.assert_close(y.mean(-1), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var(-1, unbiased=False), torch.ones(5), atol=1e-4, rtol=0)
