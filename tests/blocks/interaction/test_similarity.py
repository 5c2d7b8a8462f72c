"""How near two vectors are."""

from __future__ import annotations

import torch

from blockrec.blocks.interaction.similarity import Similarity


def test_a_dot_product_over_the_temperature() -> None:
    query, item = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    wanted = torch.stack([q @ i for q, i in zip(query, item, strict=True)])[:, None] / 0.2
    torch.testing.assert_close(Similarity(temperature=0.2)(query, item), wanted)


def test_a_cosine_does_not_change_with_lengths() -> None:
    query, item = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    cosine = Similarity(similarity="cosine")
    torch.testing.assert_close(cosine(query, item), cosine(7 * query, 0.1 * item))
    torch.testing.assert_close(cosine(query, query), torch.ones(5, 1, dtype=torch.float64))
    assert torch.isfinite(cosine(torch.zeros(5, 3), torch.zeros(5, 3))).all()
