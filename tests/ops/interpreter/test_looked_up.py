"""Rows of tables that are read in place by the Triton kernels, and the gradients of tables."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch

from blockrec.ops.looked_dot.triton import forward as dots
from blockrec.ops.outer_rows import cpu
from tests.ops.samples import TOLERANCE
from tests.ops.test_looked_up import MORE, OPS, columns, looked_up, outcome, tables

SUMMED = cpu.forward
LENGTHS = {**MORE, "one very long": [1, 700, 0, 2]}


@pytest.fixture(autouse=True)
def _triton(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPU tensors are served as tensors on a GPU are."""
    for op in ("looked_dot", "looked_sum", "outer_rows"):
        ours, theirs = (import_module(f"blockrec.ops.{op}.{backend}") for backend in ("cpu", "triton"))
        monkeypatch.setattr(ours, "forward", theirs.forward)


@OPS
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=list(LENGTHS))
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
def test_agrees_with_reference(op: str, lengths: list[int], sparse: bool) -> None:
    rows = looked_up(tables(torch.float64, sparse=sparse), columns(lengths, strided=True))
    torch.testing.assert_close(*(outcome(op, kernel, rows, torch.float64) for kernel in ("cpu", "reference")))


@OPS
def test_in_32_bits(op: str) -> None:
    rows, tolerance = looked_up(tables(torch.float32), columns([70, 0, 1, 30])), 10 * TOLERANCE[torch.float32]
    found, wanted = (outcome(op, kernel, rows, torch.float32) for kernel in ("cpu", "reference"))
    torch.testing.assert_close(found, wanted, rtol=tolerance, atol=tolerance)


def test_a_score_of_16_bit_tables_is_rounded_once() -> None:
    torch.manual_seed(0)
    halves = [torch.randn(7, width).half() for width in (3, 2)]
    query, ids = torch.randn(2, 5).half(), [torch.randint(0, 7, (4,)) for _ in halves]
    offsets = torch.tensor([0, 3, 4])
    found, wanted = (dots(query.to(d), [t.to(d) for t in halves], ids, offsets) for d in (torch.float16, torch.float32))
    assert torch.equal(found, wanted.half())


def test_gradients_are_those_of_the_cpu_in_the_same_order() -> None:
    for number in (0, 1, 500):
        g = torch.Generator().manual_seed(0)
        ids, rows = torch.randint(0, 20, (number,), generator=g), torch.randint(0, 3, (number,), generator=g)
        terms = torch.randn(number, generator=g), torch.randn(3, 5, generator=g), rows, ids, 20
        torch.testing.assert_close(SUMMED(*terms), cpu.forward(*terms))
