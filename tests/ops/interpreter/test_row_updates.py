"""Updates of table rows by the Triton kernels."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.ops import bind
from tests.ops.test_row_updates import IDS, OPTIONS, batches_of, updated

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-7}
"""A learning rate travels in 32 bits."""


@pytest.fixture(autouse=True)
def _triton(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPU tensors are served by the Triton kernels, as tensors on a GPU are."""
    for op, name in (("lazy_adam", "update"), ("rowwise_adagrad", "update"), ("sum_rows", "forward")):
        cpu, triton = (import_module(f"blockrec.ops.{op}.{backend}") for backend in ("cpu", "triton"))
        monkeypatch.setattr(cpu, name, _given_options(getattr(triton, name)))


def _given_options(function: Any) -> Any:
    """Triton's launchers take options one by one, as operators do."""

    def call(*arguments: Any) -> Any:
        return function(*arguments[:-1], *(arguments[-1] if isinstance(arguments[-1], tuple) else arguments[-1:]))

    return call


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("width", [1, 5])
@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
@pytest.mark.parametrize("op", OPTIONS)
def test_agrees_with_reference(op: str, ids: list[int], width: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    batches, weight = batches_of(ids, width, dtype), torch.randn(7, width, dtype=dtype)
    found, wanted = (updated(op, kernel, batches, weight) for kernel in ("cpu", "reference"))
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("op", OPTIONS)
def test_other_rows_keep_every_bit(op: str) -> None:
    weight = torch.full((50, 3), torch.nan)
    weight[[7, 20]] = torch.randn(2, 3)
    state = updated(op, "cpu", [(torch.tensor([7, 20, 7]), torch.randn(3, 3))], weight)
    others = torch.ones(50, dtype=torch.bool)
    others[[7, 20]] = False
    assert state[0][others].isnan().all() and state[0][~others].isfinite().all()
    assert all((x[others] == 0).all() for x in state[1:])


@pytest.mark.parametrize("steps", [1, 2, 1000, 100_000])
def test_corrections_of_late_steps(steps: int) -> None:
    """1 − β^t keeps its digits, for small t and for large."""
    found, wanted = (_after(steps, kernel) for kernel in ("cpu", "reference"))
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-7)


def _after(steps: int, kernel: Any) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    weight, mean, square, gradients = (torch.randn(3, 4, generator=generator) for _ in range(4))
    count = torch.full((3,), steps - 1, dtype=torch.int32)
    bind("lazy_adam", kernel).call(
        weight, mean, square.square_(), count, torch.arange(3), gradients, OPTIONS["lazy_adam"]._replace(beta2=0.999)
    )
    assert count.tolist() == [steps] * 3
    return weight


@pytest.mark.parametrize("ids", IDS.values(), ids=list(IDS))
def test_sums_by_row(ids: list[int]) -> None:
    (places, gradients), *_ = batches_of(ids, 3, torch.float64)
    (rows, sums), (wanted, others) = (
        bind("sum_rows", kernel).call(places, gradients, 7) for kernel in ("cpu", "reference")
    )
    assert torch.equal(rows, wanted)
    torch.testing.assert_close(sums, others)
