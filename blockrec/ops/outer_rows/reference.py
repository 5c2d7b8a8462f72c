"""The meaning of `outer_rows`."""

from __future__ import annotations

from torch import Tensor


def outer_rows(coefs: Tensor, vectors: Tensor, rows: Tensor, ids: Tensor, height: int, *, sparse: bool) -> Tensor:
    """out_i = Σ coefs_t · vector of the sample of t, over the steps t with id i."""
    terms = coefs.unsqueeze(-1) * vectors[rows]
    out = terms.new_zeros(height, vectors.shape[1]).index_add(0, ids, terms)
    return out.to_sparse(1) if sparse else out
