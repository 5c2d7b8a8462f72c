"""Ops on sequences: values and gradients of the Triton kernels, through the registered operators."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.jagged import Jagged
from blockrec.ops import bind
from tests.ops import samples
from tests.ops.samples import LENGTHS, arguments_of, assert_agree, changed, outcome, sequence, strided

OPS = [op for op in samples.OPS if find_spec(f"blockrec.ops.{op}.triton")]
LONG = [700, 0, 1, 300]
CASES = {**LENGTHS, "very long": LONG}


@pytest.fixture(autouse=True)
def _triton(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPU tensors are served by the Triton kernels, as tensors on a GPU are."""
    for op in OPS:
        cpu, triton = (import_module(f"blockrec.ops.{op}.{name}") for name in ("cpu", "triton"))
        for name in ("forward", "backward"):
            if hasattr(cpu, name):
                monkeypatch.setattr(cpu, name, getattr(triton, name))


@pytest.mark.parametrize("lengths", CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("op", OPS)
def test_agrees_with_reference(op: str, lengths: list[int]) -> None:
    assert_agree(op, arguments_of(op, lengths, torch.float64))


@pytest.mark.parametrize("op", OPS)
def test_in_32_bits(op: str) -> None:
    assert_agree(op, arguments_of(op, LONG, torch.float32))


@pytest.mark.parametrize("op", [op for op in OPS if op != "segment_topk"])
def test_in_16_bits(op: str) -> None:
    """Inputs and outputs are rounded to 16 bits, sums are not."""
    halves = arguments_of(op, LENGTHS["long"], torch.float16)
    found = outcome(bind(op, "cpu").call, halves)
    wanted = outcome(bind(op, "reference").call, tuple(_widened(x) for x in halves))
    for a, b in zip(found, wanted, strict=True):
        assert a.dtype == torch.float16
        torch.testing.assert_close(
            a.float(), b, rtol=4e-3, atol=4e-3 * max(1.0, b.abs().max().item() if b.numel() else 1)
        )


@pytest.mark.parametrize("op", OPS)
def test_strided_inputs(op: str) -> None:
    arguments = arguments_of(op, LENGTHS["usual"], torch.float64)
    assert_agree(op, changed(strided, arguments))


@pytest.mark.parametrize("op", OPS)
def test_expanded_gradient(op: str) -> None:
    assert_agree(op, arguments_of(op, LENGTHS["usual"], torch.float64), expanded=True)


@pytest.mark.parametrize("op", OPS)
def test_nothing_outside_is_read_or_written(op: str) -> None:
    """Every tensor lies inside a larger one of NaN: a number from outside would spoil the result."""
    arguments = arguments_of(op, LENGTHS["long"], torch.float64)
    margins: list[Tensor] = []
    inside = tuple(_inside(x, margins) for x in arguments)
    assert_agree(op, inside)
    assert all(margin.isnan().all() for margin in margins)


def test_layers_wider_than_a_tile() -> None:
    torch.manual_seed(0)
    keys = sequence([40, 0, 3], 70)
    query, weight, bias = (
        torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 50), (70, 280), (70,))
    )
    assert_agree("target_linear", (query, keys, weight, bias))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("k", [1, 3, 300])
def test_ties_go_to_the_later_step(k: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    offsets = torch.tensor([0, 5, 5, 605, 606])
    values = torch.randint(-2, 3, (606,)).to(dtype)
    values[values == 0] *= torch.where(torch.rand(int((values == 0).sum())) < 0.5, -1.0, 1.0).to(dtype)
    scores = Jagged(values, offsets, 600)
    assert torch.equal(
        bind("segment_topk", "cpu").call(scores, k)[1], bind("segment_topk", "reference").call(scores, k)[1]
    )


def _widened(x: Any) -> Any:
    if isinstance(x, Jagged):
        return x.like(x.values.detach().float().requires_grad_())
    return x.detach().float().requires_grad_() if isinstance(x, Tensor) else x


def _inside(x: Any, margins: list[Tensor]) -> Any:
    if isinstance(x, Jagged):
        return x.like(_inside(x.values, margins))
    if not isinstance(x, Tensor):
        return x
    size, margin = x.numel(), 4096
    room = x.new_full((size + 2 * margin,), torch.nan)
    room[margin : margin + size] = x.detach().flatten()
    margins += [room[:margin], room[margin + size :]]
    return room[margin : margin + size].view(x.shape).detach().requires_grad_(x.requires_grad)
