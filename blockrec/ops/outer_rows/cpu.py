"""`outer_rows` on the CPU: terms are sorted by id, and each distinct id is summed in the order of its terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import kernel, share
from blockrec.ops.grouping import first_of, in_order, keys_of, parts, starts_of

Array = Any


@kernel
def _terms(coefs: Array, rows: Array, out: Array) -> None:
    for t in prange(out.shape[0]):
        out[t].coef, out[t].row = coefs[t], rows[t]


@kernel
def _sum(terms: Array, vectors: Array, starts: Array, chunks: int, out: Array) -> None:
    for chunk in prange(chunks):
        for u in range(first_of(starts, chunk, chunks), first_of(starts, chunk + 1, chunks)):
            for c in range(out.shape[1]):
                out[u, c] = 0
            for i in range(starts[u], starts[u + 1]):
                coef, row = terms[i].coef, terms[i].row
                for c in range(out.shape[1]):
                    out[u, c] += coef * vectors[row, c]


def forward(coefs: Tensor, vectors: Tensor, rows: Tensor, ids: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Distinct ids [u] and their sums [u, d].

    A term carries its coefficient and row through the sort: looking them up afterwards would jump through memory.
    """
    if not coefs.shape == rows.shape == ids.shape:
        raise ValueError(f"{len(ids)} ids, but {len(coefs)} coefficients and {len(rows)} rows")
    share(ids.shape[0])
    terms = np.empty(ids.shape[0], [("coef", coefs.numpy().dtype), ("row", np.int32)])
    _terms(coefs.contiguous().numpy(), rows.contiguous().numpy(), terms)
    keys, terms = in_order(keys_of(ids, height), terms, height)
    starts = starts_of(keys)
    out = vectors.new_empty(starts.shape[0] - 1, vectors.shape[1])
    _sum(terms, vectors.contiguous().numpy(), starts, parts(), out.numpy())
    return torch.from_numpy(keys[starts[:-1]]).to(ids.dtype), out
