"""The gradient of a table whose rows were multiplied by vectors of samples, summed once for each distinct id."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.library import custom_op

from blockrec.ops.serving import serve_gpu


def outer_rows(coefs: Tensor, vectors: Tensor, rows: Tensor, ids: Tensor, height: int, *, sparse: bool) -> Tensor:
    """[height, d]: row i is Σ coefs[t] · vectors[rows[t]] over the steps t whose id is i.

    coefs, rows, ids [Σt], vectors [b, d]. sparse: a coalesced sparse tensor with one entry for each distinct id.
    No autograd.
    """
    distinct, sums = summed(coefs, vectors, rows, ids, height)
    if not sparse:
        dense: Tensor = sums.new_zeros(height, sums.shape[1]).index_copy_(0, distinct, sums)
        return dense
    size = (height, sums.shape[1])
    return torch.sparse_coo_tensor(distinct.long().unsqueeze(0), sums, size, is_coalesced=True, check_invariants=False)


@custom_op("blockrec::outer_rows", mutates_args=(), device_types="cpu")
def summed(coefs: Tensor, vectors: Tensor, rows: Tensor, ids: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """The distinct ids [u] ascending and their sums [u, d]."""
    from blockrec.ops.outer_rows import cpu

    return cpu.forward(coefs, vectors, rows, ids, height)


@summed.register_fake
def _(_coefs: Tensor, vectors: Tensor, _rows: Tensor, ids: Tensor, _height: int) -> tuple[Tensor, Tensor]:
    distinct = torch.library.get_ctx().new_dynamic_size()
    return ids.new_empty(distinct), vectors.new_empty(distinct, vectors.shape[1])


serve_gpu("outer_rows", forward=summed)
