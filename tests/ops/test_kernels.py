"""Every backend of every op means what the reference means: values, gradients, registration."""

from __future__ import annotations

from functools import partial
from typing import Any

import numba
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from blockrec.jagged import Jagged
from blockrec.ops import bind, names
from blockrec.ops.widening import widened
from tests.ops.samples import (
    DTYPES,
    LENGTHS,
    OPS,
    arguments_of,
    assert_agree,
    changed,
    network,
    outcome,
    result,
    sequence,
    strided,
    tensors,
)

PRODUCTS = ("target_linear", "target_score", "segment_topk")
"""Ops with matrix products, which have 16 bits under autocast, and one without sums."""


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=list(LENGTHS))
@pytest.mark.parametrize("op", OPS)
def test_cpu_agrees_with_reference(op: str, lengths: list[int], dtype: torch.dtype) -> None:
    assert_agree(op, arguments_of(op, lengths, dtype))


@pytest.mark.parametrize("op", OPS)
def test_strided_inputs(op: str) -> None:
    arguments = arguments_of(op, LENGTHS["usual"], torch.float64)
    views = changed(strided, arguments)
    assert not any(x.is_contiguous() for x in tensors(views) if x.numel() > 1)
    assert_agree(op, views)
    torch.testing.assert_close(outcome(bind(op, "cpu").call, views), outcome(bind(op, "cpu").call, arguments))


@pytest.mark.parametrize("kernel", ["cpu", "reference"])
@pytest.mark.parametrize("op", [op for op in OPS if op not in PRODUCTS])
def test_sums_are_of_32_bits_under_autocast(op: str, kernel: Any) -> None:
    arguments = arguments_of(op, LENGTHS["long"], torch.bfloat16)
    call = bind(op, kernel).call
    with torch.autocast("cpu", torch.bfloat16):
        found = result(call(*arguments))
    assert found.dtype is torch.float32
    torch.testing.assert_close(found, result(call(*map(widened, arguments))))


@pytest.mark.parametrize("op", OPS)
def test_expanded_gradient(op: str) -> None:
    assert_agree(op, arguments_of(op, LENGTHS["usual"], torch.float64), expanded=True)


@pytest.mark.parametrize("op", OPS)
def test_gradient_of_the_reference(op: str) -> None:
    arguments = arguments_of(op, [3, 0, 2], torch.float64)
    inputs = tensors(arguments)

    def value(*_: Tensor) -> Tensor:
        return result(bind(op, "reference").call(*arguments))

    assert torch.autograd.gradcheck(value, inputs)


@pytest.mark.parametrize("op", OPS)
def test_result_does_not_depend_on_threads(op: str) -> None:
    arguments = arguments_of(op, [9000, 0, 7000, 900, 1], torch.float32)
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(outcome(bind(op, "cpu").call, arguments))
            assert numba.get_num_threads() == min(count, numba.config.NUMBA_NUM_THREADS)
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("op", OPS)
def test_lengths_that_disagree_are_refused(op: str) -> None:
    arguments = arguments_of(op, LENGTHS["usual"], torch.float32)
    longer = [Jagged(x.values, x.offsets + 1, 6, x.rows) if isinstance(x, Jagged) else x for x in arguments]
    with pytest.raises(ValueError, match="the offsets end at 12, but there are 11 steps"):
        bind(op, "cpu").call(*longer)
    if isinstance(arguments[0], Tensor):
        with pytest.raises(ValueError, match="the offsets are of 6 samples, but there are 5 vectors"):
            bind(op, "cpu").call(arguments[0][:5], *arguments[1:])


@pytest.mark.parametrize("slopes", [0.0, 0.1, None], ids=["relu", "leaky", "learned"])
@pytest.mark.parametrize("hidden", [[6], [6, 4, 3]], ids=str)
def test_networks_of_every_depth(hidden: list[int], slopes: float | None) -> None:
    torch.manual_seed(0)
    assert_agree("target_score", network(LENGTHS["long"], hidden, slopes))


def test_widths_that_disagree_are_refused() -> None:
    with pytest.raises(ValueError, match="the query has width 6, the keys have 5"):
        bind("target_dot", "cpu").call(torch.randn(3, 6), sequence([1, 0, 2], 5, dtype=torch.float32))


class Calls(TorchDispatchMode):
    """Records the project's torch operators and the arguments they get."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Any, tuple[Any, ...]]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function.namespace == "blockrec":
            self.seen.append((function, args))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("op", OPS)
def test_operators_are_registered_completely(op: str) -> None:
    with Calls() as calls:
        outcome(bind(op, "cpu").call, arguments_of(op, LENGTHS["usual"], torch.float64))
    assert calls.seen
    for function, arguments in calls.seen:
        learns = "backward" not in function.name()
        torch.library.opcheck(function, changed(partial(_fresh, learns=learns), arguments))


def _fresh(x: Tensor, *, learns: bool) -> Tensor:
    return x.detach().clone().requires_grad_(learns and x.is_floating_point())


def test_every_differentiable_op_is_tested() -> None:
    updates = {"lazy_adam", "rowwise_adagrad", "sum_rows", "outer_rows"}
    looked_up = {"looked_dot", "looked_sum"}
    assert set(names()) - updates - looked_up - {"segment_attention"} == set(OPS)
