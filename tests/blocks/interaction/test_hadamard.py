"""The element-wise product."""

from __future__ import annotations

import torch

from blockrec.blocks.interaction.hadamard import Hadamard


def test_product_of_all() -> None:
    x, y, z = torch.randn(3, 5, 4)
    assert Hadamard()(x, y, z).equal(x * y * z)
    assert Hadamard()(x).equal(x)
