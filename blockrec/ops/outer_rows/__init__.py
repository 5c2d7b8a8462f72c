"""The gradient of a table whose rows were multiplied by vectors of samples, summed once for each distinct id."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.library import custom_op

from blockrec.ops.serving import serve_gpu


def outer_rows(
    coefs: Tensor,
    vectors: Tensor,
    rows: Tensor,
    ids: Tensor,
    places: Tensor,
    starts: Tensor,
    height: int,
    *,
    sparse: bool,
) -> Tensor:
    """[height, d]: row i is Σ coefs[t] · vectors[rows[t]] over the steps t whose id is i.

    coefs, rows, ids [Σt], vectors [b, d]; places, starts: the groups of equal ids (`group_ids`). sparse: a coalesced
    sparse tensor with one entry for each distinct id. No autograd.
    """
    distinct: Tensor = ids[places[starts[:-1]]]
    if not sparse:
        dense: Tensor = gathered(coefs, vectors, rows, places, starts, distinct, height)
        return dense
    entries = torch.arange(distinct.shape[0], device=ids.device)
    sums = gathered(coefs, vectors, rows, places, starts, entries, distinct.shape[0])
    size = (height, vectors.shape[1])
    return torch.sparse_coo_tensor(distinct.long().unsqueeze(0), sums, size, is_coalesced=True, check_invariants=False)


@custom_op("blockrec::outer_rows", mutates_args=(), device_types="cpu")
def gathered(
    coefs: Tensor, vectors: Tensor, rows: Tensor, places: Tensor, starts: Tensor, targets: Tensor, height: int
) -> Tensor:
    """[height, d] whose row targets[u] is the sum of the u-th distinct id; zeros elsewhere."""
    from blockrec.ops.outer_rows import cpu

    return cpu.forward(coefs, vectors, rows, places, starts, targets, height)


@gathered.register_fake
def _(
    _coefs: Tensor, vectors: Tensor, _rows: Tensor, _places: Tensor, _starts: Tensor, _targets: Tensor, height: int
) -> Tensor:
    return vectors.new_empty(height, vectors.shape[1])


serve_gpu("outer_rows", forward=gathered)
