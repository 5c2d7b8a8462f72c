"""Scaled dot products."""

from __future__ import annotations

import pytest
import torch

from blockrec.blocks.sequence.target_attention import TargetAttention
from blockrec.jagged import Jagged

LENGTHS = [3, 0, 2]


def keys(width: int) -> Jagged:
    rows = iter(torch.randn(5, width, dtype=torch.float64))
    shape = Jagged.from_lists([[0.0] * n for n in LENGTHS])
    return shape.like(torch.stack(list(rows)))


def test_each_part_is_scaled_by_its_own_width() -> None:
    query, content, place, position = torch.randn(3, 4).double(), keys(4), torch.randn(3, 2).double(), keys(2)
    found = TargetAttention(4, 2)(query, content, place, position)
    wanted = [
        query[row] @ content.values[t] / 4**0.5 + place[row] @ position.values[t] / 2**0.5
        for t, row in enumerate(content.rows)
    ]
    torch.testing.assert_close(found.values, torch.stack(wanted))


def test_one_scale_for_both_parts_is_that_of_their_concatenation() -> None:
    query, content, place, position = torch.randn(3, 4).double(), keys(4), torch.randn(3, 2).double(), keys(2)
    apart = TargetAttention(4, 2, content_scale=0.3, position_scale=0.3)(query, content, place, position)
    both = content.like(torch.cat([content.values, position.values], dim=-1))
    together = TargetAttention(6, content_scale=0.3)(torch.cat([query, place], dim=-1), both)
    torch.testing.assert_close(apart.values, together.values)


def test_positions_go_together() -> None:
    with pytest.raises(ValueError, match="only one is given"):
        TargetAttention(4, 2)(torch.randn(3, 4).double(), keys(4), torch.randn(3, 2).double())
