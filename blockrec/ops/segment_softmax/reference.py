"""The meaning of `segment_softmax`."""

from __future__ import annotations

from blockrec.jagged import Jagged


def segment_softmax(scores: Jagged) -> Jagged:
    """weight_t = exp(score_t − m) / Σ exp(score − m), m the largest score of the sample."""
    values, rows = scores.values, scores.rows
    largest = values.new_zeros(scores.batch).scatter_reduce(0, rows, values.detach(), "amax", include_self=False)
    powers = (values - largest[rows]).exp()
    total = powers.new_zeros(scores.batch).index_add(0, rows, powers)
    return scores.like(powers / total[rows])
