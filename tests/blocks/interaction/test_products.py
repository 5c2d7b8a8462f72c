"""Factorization machines, cross layers, sums of entries."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch

from blockrec.blocks.interaction.cross import Cross
from blockrec.blocks.interaction.fm import FM
from blockrec.blocks.interaction.total import Total


def test_fm_is_the_sum_over_pairs() -> None:
    x = torch.randn(5, 12, dtype=torch.float64)
    pairs = [a * b for a, b in combinations(x.split(3, dim=1), 2)]
    torch.testing.assert_close(FM(12, dim=3)(x), torch.stack(pairs).sum(0))


def test_one_field_has_no_pairs() -> None:
    x = torch.randn(5, 3)
    torch.testing.assert_close(FM(3, dim=3)(x), torch.zeros(5, 3))


def test_fields_have_to_fit() -> None:
    with pytest.raises(ValueError, match="width 10 is not made of fields of width `dim`: 4"):
        FM(10, dim=4)


def test_total_of_fm_is_the_second_order_term() -> None:
    x = torch.randn(5, 12, dtype=torch.float64)
    wanted = sum((a * b).sum(1, keepdim=True) for a, b in combinations(x.split(3, dim=1), 2))
    torch.testing.assert_close(Total()(FM(12, dim=3)(x)), wanted)


@pytest.mark.parametrize("rank", [None, 2])
def test_a_matrix_crosses_every_pair(rank: int | None) -> None:
    x, base = torch.randn(5, 4), torch.randn(5, 4)
    layer = Cross(4, rank=rank)
    torch.nn.init.normal_(layer.bias)
    matrix = layer.weight if rank is None else layer.weight @ layer.narrow.weight
    torch.testing.assert_close(layer(x, base), base * (x @ matrix.T + layer.bias) + x)


def test_a_vector_weighs_entries() -> None:
    x, base = torch.randn(5, 4), torch.randn(5, 4)
    layer = Cross(4, weights="vector")
    torch.nn.init.normal_(layer.bias)
    torch.testing.assert_close(layer(x, base), base * (x @ layer.weight.T) + layer.bias + x)


def test_a_vector_has_no_rank() -> None:
    with pytest.raises(ValueError, match="`rank` is that of a matrix"):
        Cross(4, weights="vector", rank=2)
