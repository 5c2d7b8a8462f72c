"""The gradients of table rows, one for each row."""

from __future__ import annotations

from torch import Tensor


def sum_rows(ids: Tensor, gradients: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Ids [n], all below `height`, gradients [n, d] → the distinct ids [u] ascending and their sums [u, d].

    No autograd.
    """
    from blockrec.ops.sum_rows import cpu

    return cpu.sum_rows(ids, gradients, height)
