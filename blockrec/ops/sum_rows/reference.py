"""The meaning of `sum_rows`."""

from __future__ import annotations

from torch import Tensor

from blockrec.ops.occurrences import sum_by_id


def sum_rows(ids: Tensor, gradients: Tensor, height: int) -> tuple[Tensor, Tensor]:  # noqa: ARG001 - kernels need it
    """sum_u = Σ gradients of the occurrences of id u."""
    return sum_by_id(ids, gradients)
