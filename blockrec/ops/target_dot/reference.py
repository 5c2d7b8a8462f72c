"""The meaning of `target_dot`."""

from __future__ import annotations

from torch import Tensor

from blockrec.jagged import Jagged


def target_dot(query: Tensor, keys: Jagged) -> Jagged:
    """score_t = ⟨query of the sample, key_t⟩."""
    return keys.like((query[keys.rows] * keys.values).sum(-1))
