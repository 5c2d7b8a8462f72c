"""Fully connected layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from blockrec.blocks.tower.mlp import MLP


def test_order_is_linear_norm_activation_dropout() -> None:
    x, mlp = torch.randn(8, 3), MLP(3, hidden=[5, 4], activation="silu", norm="batch", dropout=[0.5, 0.0]).eval()
    first, second = mlp.layers
    wanted = nn.Sequential(
        first.linear, nn.BatchNorm1d(5), nn.SiLU(), nn.Dropout(0.5), second.linear, nn.BatchNorm1d(4), nn.SiLU()
    ).eval()
    torch.testing.assert_close(mlp(x), wanted(x))
    assert [layer.dropout.p for layer in mlp.layers] == [0.5, 0.0]


@pytest.mark.parametrize(("norm", "bias", "has"), [("none", True, True), ("layer", True, True), ("none", False, False)])
def test_bias(norm: str, bias: bool, has: bool) -> None:
    assert (MLP(3, hidden=[5], norm=norm, bias=bias).layers[0].linear.bias is not None) == has


def test_no_bias_before_a_batch_norm() -> None:
    assert MLP(3, hidden=[5], norm="batch").layers[0].linear.bias is None


def test_one_dropout_a_layer() -> None:
    with pytest.raises(ValueError, match="`dropout` has 1 values for 2 layers"):
        MLP(3, hidden=[5, 4], dropout=[0.1])
