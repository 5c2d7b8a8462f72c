"""How CPU kernels are compiled and called: numba, in parallel over samples.

A kernel keeps the interpreter lock while it runs. So kernels started by two Python threads (training and autograd)
never overlap, which the threading layer that numba uses where OpenMP is missing could not survive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import torch
from torch import Tensor

Function = TypeVar("Function", bound=Callable[..., Any])

_MOST_THREADS: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # set when numba is imported
_WORTH_SHARING = 2**14  # numbers; waking a thread costs as much as reading about so many
_OPTIONS: dict[str, Any] = {"cache": True, "fastmath": {"reassoc", "contract", "arcp", "nsz"}}
"""Sums may be reordered into vectors; NaN and infinity keep their meaning."""


def kernel(function: Function) -> Function:
    """Compile on the first call for each dtype, and keep the machine code on disk."""
    compiled: Function = numba.njit(parallel=True, **_OPTIONS)(function)
    return compiled


def helper(function: Function) -> Function:
    """Compile a function that kernels call for one sample."""
    compiled: Function = numba.njit(**_OPTIONS)(function)
    return compiled


def launch(function: Callable[..., None], *arguments: Tensor | float) -> None:
    """Run a kernel on torch's number of threads, or on one if there is too little to share.

    Tensors that it writes to must be contiguous; others are made so.
    """
    share(max(x.numel() for x in arguments if isinstance(x, Tensor)))
    function(*(x.detach().contiguous().numpy() if isinstance(x, Tensor) else x for x in arguments))


def share(numbers: int) -> None:
    """Let kernels run on torch's number of threads, or on one if there are too few numbers to share."""
    numba.set_num_threads(min(torch.get_num_threads(), _MOST_THREADS) if numbers >= _WORTH_SHARING else 1)


def check_lengths(offsets: Tensor, *, steps: tuple[Tensor, ...], samples: tuple[Tensor, ...] = ()) -> None:
    """Kernels do not check bounds, so this does: `steps` have Σt rows, `samples` have b. Raises `ValueError`."""
    total, batch = int(offsets[-1]), offsets.shape[0] - 1
    for x in steps:
        if x.shape[0] != total:
            raise ValueError(f"the offsets end at {total}, but there are {x.shape[0]} steps")
    for x in samples:
        if x.shape[0] != batch:
            raise ValueError(f"the offsets are of {batch} samples, but there are {x.shape[0]} vectors")


def check_ids(ids: Tensor, height: int) -> None:
    """Kernels do not check bounds, so this does: ids are rows of a table. Raises `IndexError`."""
    if ids.numel():
        low, high = (int(x) for x in ids.aminmax())
        if low < 0 or high >= height:
            raise IndexError(f"the table has {height} rows, but there is the id {low if low < 0 else high}")
