"""Sequences of different lengths."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from blockrec.jagged import Jagged, offsets_of, rows, rows_of, select

LISTS = [[1.0, 2.0], [], [3.0, 4.0, 5.0]]


def test_from_lists() -> None:
    x = Jagged.from_lists(LISTS)
    assert x.values.tolist() == [1, 2, 3, 4, 5]
    assert x.offsets.tolist() == [0, 2, 2, 5]
    assert x.lengths.tolist() == [2, 0, 3]
    assert x.rows.tolist() == [0, 0, 2, 2, 2]
    assert (x.batch, x.max_length) == (3, 3)


def test_no_samples() -> None:
    x = Jagged.from_lists([])
    assert (x.batch, x.max_length, x.offsets.tolist(), x.rows.tolist()) == (0, 0, [0], [])


def test_like_keeps_the_lengths_and_does_not_compute_rows_again() -> None:
    x = Jagged.from_lists(LISTS)
    y = x.like(x.values[:, None] * 2)
    assert y.values.squeeze(1).tolist() == [2, 4, 6, 8, 10]
    assert y.rows is x.rows


def test_offsets_and_rows_are_inverse() -> None:
    lengths = torch.tensor([0, 3, 0, 0, 2])
    assert torch.bincount(rows_of(offsets_of(lengths), 5), minlength=5).equal(lengths)


def test_select() -> None:
    x = Jagged.from_lists(LISTS)
    y = select(x, torch.tensor([1, 2, 4]), offsets_of(torch.tensor([1, 0, 2])), 2)
    assert (y.values.tolist(), y.rows.tolist(), y.max_length) == ([2, 3, 5], [0, 2, 2], 2)


def test_rows_rewraps_every_output() -> None:
    class Pair(NamedTuple):
        a: Tensor
        b: Tensor

    x = Jagged.from_lists(LISTS)
    assert rows(torch.neg, x).values.tolist() == [-1, -2, -3, -4, -5]
    pair = rows(lambda v, w: Pair(v + w, v - w), x, x)
    assert isinstance(pair, Pair)
    assert (pair.a.values.sum(), pair.b.values.sum()) == (30, 0)


def test_to() -> None:
    moved = Jagged.from_lists(LISTS).to("meta")
    assert {x.device.type for x in (moved.values, moved.offsets, moved.rows)} == {"meta"}


def test_export_takes_sequences_of_any_length() -> None:
    class Double(nn.Module):
        def forward(self, x: Jagged) -> Jagged:
            return x.like(2 * x.values)

    steps, samples = torch.export.Dim("steps"), torch.export.Dim("samples")
    sizes = [{0: steps}, {0: samples + 1}, torch.export.Dim.AUTO, {0: steps}]
    exported = torch.export.export(Double(), (Jagged.from_lists(LISTS),), dynamic_shapes=[sizes])
    other = Jagged.from_lists([[1.0], [2.0, 3.0, 4.0, 5.0], [], []])
    assert exported.module()(other).values.tolist() == [2, 4, 6, 8, 10]
