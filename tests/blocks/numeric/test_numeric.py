"""Numbers to vectors."""

from __future__ import annotations

import torch

from blockrec.blocks.numeric.autodis import AutoDis
from blockrec.blocks.numeric.number_vectors import NumberVectors


def test_vectors_grow_with_their_numbers() -> None:
    block, x = NumberVectors(3, dim=4), torch.randn(5, 3)
    torch.testing.assert_close(block(2 * x), 2 * block(x))
    torch.testing.assert_close(block(torch.eye(3)).view(3, 3, 4).diagonal().T, block.weight)


def test_a_number_changes_its_own_vector_only() -> None:
    x = torch.randn(5, 3)
    other = torch.cat([x[:, :2], torch.randn(5, 1)], dim=1)
    for block in (NumberVectors(3, dim=4), AutoDis(3, dim=4)):
        assert block(x)[:, :8].equal(block(other)[:, :8])
        assert not block(x)[:, 8:].equal(block(other)[:, 8:])


def test_a_cold_blend_is_one_of_the_vectors() -> None:
    block, x = AutoDis(2, dim=3, channels=4, temperature=1e-4).double(), torch.randn(50, 2, dtype=torch.float64)
    blends = block(x).view(50, 2, 1, 3)
    nearest = (blends - block.vectors).abs().amax(-1).amin(-1)
    assert nearest.median() < 1e-9, "but for numbers at which two channels are equal"
