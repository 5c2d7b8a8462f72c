"""Several vectors to one."""

from __future__ import annotations

import torch

from blockrec.blocks.fusion.add import Add
from blockrec.blocks.fusion.concat import Concat


def test_add() -> None:
    x, y, z = torch.randn(3, 5, 4)
    assert Add()(x, y, z).equal(x + y + z)


def test_concat_keeps_the_order() -> None:
    x, y = torch.randn(5, 4), torch.randn(5, 2)
    assert Concat()(x, y).split([4, 2], dim=-1)[1].equal(y)
