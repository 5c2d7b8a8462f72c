"""Activations by name."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from blockrec.blocks.activations import Activation, Dice, activation


@pytest.mark.parametrize("name", get_args(Activation))
def test_every_name_keeps_the_shape(name: Activation) -> None:
    x = torch.randn(6, 3)
    assert activation(name, 3)(x).shape == x.shape


def test_dice_is_its_formula() -> None:
    x, dice = torch.randn(9, 3, dtype=torch.float64), Dice(3).double()
    torch.nn.init.uniform_(dice.alpha)
    p = torch.sigmoid((x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt())
    torch.testing.assert_close(dice(x), p * x + (1 - p) * dice.alpha * x)


def test_dice_with_slope_one_is_the_identity() -> None:
    x, dice = torch.randn(9, 3), Dice(3)
    torch.nn.init.ones_(dice.alpha)
    torch.testing.assert_close(dice(x), x)


def test_prelu_has_one_slope() -> None:
    assert [p.numel() for p in activation("prelu", 7).parameters()] == [1]
