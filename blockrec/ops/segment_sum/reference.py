"""The meaning of `segment_sum`."""

from __future__ import annotations

from torch import Tensor

from blockrec.jagged import Jagged


def segment_sum(keys: Jagged, weights: Jagged | None = None) -> Tensor:
    """out_i = Σ_t weight_t · key_t over the steps t of sample i."""
    terms = keys.values if weights is None else weights.values.unsqueeze(-1) * keys.values
    return terms.new_zeros(keys.batch, terms.shape[1]).index_add(0, keys.rows, terms)
