"""Backends are chosen once, for a reason that can be read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import unwrap

import pytest
import torch

from blockrec.ops import KernelUnavailable, bind
from blockrec.ops.target_dot import reference, target_dot


@pytest.fixture
def no_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if numba were not installed and no kernel had been loaded."""
    monkeypatch.setitem(sys.modules, "numba", None)
    for name in [m for m in sys.modules if m in ("blockrec.ops.compiled", "blockrec.ops.target_dot.cpu")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture
def other_device() -> Iterator[None]:
    """A device that no kernel serves."""
    with torch.device("meta"):
        yield


def test_auto_takes_the_cpu_kernel_and_says_why_not_another() -> None:
    bound = bind("target_dot")
    assert (bound.call, bound.kernel) == (target_dot, "cpu")
    assert bound.why == "triton: it serves cuda tensors, the device is cpu"


def test_reference_on_request() -> None:
    bound = bind("target_dot", "reference")
    assert (unwrap(bound.call), bound.kernel) == (reference.target_dot, "reference")


def test_a_request_that_cannot_be_met_is_refused() -> None:
    with pytest.raises(KernelUnavailable, match="`target_dot`: it serves cuda tensors, the device is cpu") as caught:
        bind("target_dot", "triton")
    assert (caught.value.op, caught.value.kernel) == ("target_dot", "triton")


@pytest.mark.usefixtures("no_numba")
def test_without_numba() -> None:
    assert bind("target_dot").kernel == "reference"
    assert "numba" in bind("target_dot").why
    with pytest.raises(KernelUnavailable, match="numba"):
        bind("target_dot", "cpu")


@pytest.mark.parametrize(
    ("capability", "reason"), [((7, 5), "it is compiled for sm_80 and later, the GPU is sm_75"), ((9, 0), "")]
)
def test_triton_names_the_gpu_that_it_does_not_serve(
    capability: tuple[int, int], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    monkeypatch.setattr(torch, "get_default_device", lambda: torch.device("cuda"))
    if reason:
        with pytest.raises(KernelUnavailable, match=reason):
            bind("target_dot", "triton")
        assert bind("target_dot").why.startswith(f"triton: {reason}")
    else:
        assert bind("target_dot").kernel == bind("target_dot", "triton").kernel == "triton"


@pytest.mark.usefixtures("other_device")
def test_on_another_device() -> None:
    assert bind("target_dot").kernel == "reference"
    with pytest.raises(KernelUnavailable, match="it serves cpu tensors, the device is meta"):
        bind("target_dot", "cpu")
