"""How Triton kernels are launched, and how each says which machine code it ships.

A kernel sums in `ACC`: 32 bits, or 64 for 64-bit inputs. Of an op that reads sequences a program owns a part of one
sample's steps, so that nothing is added by atomics: results do not depend on the order in which programs run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

SIZES = {"fp16": 2, "bf16": 2, "fp32": 4, "fp64": 8}
FLOATS = {torch.float16: tl.float16, torch.bfloat16: tl.bfloat16, torch.float32: tl.float32, torch.float64: tl.float64}
PROGRAMS = 1024
"""About so many keep a large GPU busy; a batch of fewer samples is divided further."""


@dataclass(frozen=True)
class Build:
    """One set of types and constants that a kernel is launched with: what `tools/kernel_report.py` compiles.

    types: of the arguments that are not constants, as Triton writes them (`*fp16`, `i32`).
    flops, bytes: work and memory traffic of one step (of one occurrence, for updates of tables), at the least.
    """

    label: str
    kernel: Any
    types: Mapping[str, str]
    constants: Mapping[str, Any]
    warps: int = 4
    flops: int = 0
    bytes: int = 0


def launch(kernel: Any, grid: tuple[int, ...], *arguments: Any, **constants: Any) -> None:
    """Run a kernel on the device of its first tensor. What it writes to must be contiguous, inputs are made so."""
    ready = [x.detach().contiguous() if isinstance(x, Tensor) else x for x in arguments]
    with torch.cuda.device_of(next(x for x in ready if isinstance(x, Tensor))):
        kernel[grid](*ready, **constants)


def accumulator(x: Tensor) -> Any:
    """The type that sums of such numbers are kept in. Raises `ValueError`."""
    if x.dtype not in FLOATS:
        raise ValueError(f"the kernel takes floats of 16, 32 and 64 bits, not {x.dtype}")
    return tl.float64 if x.dtype == torch.float64 else tl.float32


def accumulated(x: Tensor) -> torch.dtype:
    """The same as torch names it."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def precision(x: Tensor) -> str:
    """How products of 32-bit numbers are computed: as torch's are set to be, else by three products on tensor cores."""
    if x.dtype != torch.float32 or torch.version.hip:
        return "ieee"
    return "tf32" if torch.backends.cuda.matmul.allow_tf32 else "tf32x3"


def parts(samples: int, steps: int, tile: int) -> int:
    """How many programs share a sample. Only shapes are looked at: reading lengths would wait for the device."""
    return max(1, min(-(-PROGRAMS // max(samples, 1)), steps // (max(samples, 1) * tile)))


def padded(width: int, least: int = 1) -> int:
    """The power of two that covers a width."""
    return max(least, int(triton.next_power_of_2(max(width, 1))))


@triton.jit
def span(OFFSETS, i):
    """Where the steps of sample i start, and how many there are."""
    start = tl.load(OFFSETS + i)
    return start, (tl.load(OFFSETS + i + 1) - start).to(tl.int32)
