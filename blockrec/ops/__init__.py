"""Numeric functions with several backends: one folder an op.

A folder `ops/<op>/` holds `reference.py` (the meaning, plain torch), `cpu.py` (numba and torch products, with a
backward written by hand), `triton.py` (for GPUs) and `__init__.py` (the torch operator that the kernels serve, and the
function users call).
A folder is all that an op needs: nothing is listed here.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

import torch

Kernel = Literal["auto", "reference", "cpu", "triton"]
COMPILED: dict[str, str] = {"triton": "cuda", "cpu": "cpu"}
"""Backends other than the reference, best first, and the device each one serves."""
OLDEST_GPU = (8, 0)
"""The compute capability that `tools/kernel_report.py` starts with."""


class KernelUnavailable(Exception):
    """A kernel that was asked for by name cannot serve."""

    def __init__(self, op: str, kernel: str, reason: str) -> None:
        super().__init__(f"kernel `{kernel}` of `{op}`: {reason}")
        self.op, self.kernel, self.reason = op, kernel, reason


@dataclass(frozen=True)
class Bound:
    """An op with its backend chosen. why: "asked for", or the reasons against better ones."""

    call: Callable[..., Any]
    kernel: str
    why: str


@cache
def names() -> tuple[str, ...]:
    """All ops, by name."""
    return tuple(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg)


def bind(op: str, kernel: Kernel = "auto") -> Bound:
    """Choose the backend of an op for torch's default device.

    `auto` takes the best that can serve, the reference last; `KernelUnavailable` if another request cannot be met.
    """
    for listener in _listeners:
        listener.append(op)
    if kernel == "reference":
        return Bound(_reference(op), "reference", "asked for")
    if kernel != "auto":
        return _bind_named(op, kernel)
    reasons = {backend: _refusal(op, backend) for backend in COMPILED}
    best = next((backend for backend, reason in reasons.items() if not reason), "reference")
    why = "; ".join(f"{backend}: {reason}" for backend, reason in reasons.items() if reason)
    return Bound(_reference(op) if best == "reference" else _function(op, op), best, why)


_listeners: list[list[str]] = []


@contextmanager
def noted() -> Iterator[list[str]]:
    """The names of the ops that are bound inside, in order."""
    names: list[str] = []
    _listeners.append(names)
    try:
        yield names
    finally:
        _listeners.pop()


def _bind_named(op: str, kernel: str) -> Bound:
    reason = _refusal(op, kernel)
    if reason:
        raise KernelUnavailable(op, kernel, reason)
    return Bound(_function(op, op), kernel, "asked for")


def _reference(op: str) -> Callable[..., Any]:
    """Plain torch; autocast gives it 32-bit inputs, as it does to kernels."""
    from blockrec.ops.widening import wide

    return wide(_function(f"{op}.reference", op))


def _function(module: str, op: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(import_module(f"{__name__}.{module}"), op)
    return function


def _refusal(op: str, backend: str) -> str:
    """Why a backend cannot serve; empty if it can, and then its module is loaded."""
    if find_spec(f"{__name__}.{op}.{backend}") is None:
        return "none is written"
    device = torch.get_default_device().type
    if device != COMPILED[backend]:
        return f"it serves {COMPILED[backend]} tensors, the device is {device}"
    try:
        import_module(f"{__name__}.{op}.{backend}")
    except ImportError as error:
        return str(error)
    return _too_old() if backend == "triton" else ""


def _too_old() -> str:
    """Why Triton's machine code does not run on this GPU; empty if it does."""
    found = torch.cuda.get_device_capability()
    if torch.version.hip or found >= OLDEST_GPU:
        return ""
    wanted, here = (f"sm_{major}{minor}" for major, minor in (OLDEST_GPU, found))
    return f"it is compiled for {wanted} and later, the GPU is {here}"
