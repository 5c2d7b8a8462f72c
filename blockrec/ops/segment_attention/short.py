"""`segment_attention` of short samples on the CPU: loops along the steps, over rows of keys and values that are turned.

Scores of some samples at a time lie in one buffer that fits into a cache. The exponentials of all of them are torch's,
which computes several at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numba import prange
from torch import Tensor

from blockrec.ops.compiled import helper, kernel, launch

Array = Any
MOST = 192
"""Steps of a sample that counts as short."""
PAIRS = 2**17
"""Pairs of steps, over all heads, whose scores are kept at a time."""


@dataclass(frozen=True)
class Part:
    """Some samples. starts, lengths: of their steps; places: [n + 1] of their scores, a square for each head."""

    starts: Tensor
    lengths: Tensor
    places: Tensor
    scores: Tensor

    @property
    def arguments(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.starts, self.lengths, self.places


def parts(query: Tensor, offsets: Tensor) -> Iterator[Part]:
    """All short samples that have steps, in their order; they share the memory of their scores."""
    every = offsets.diff()
    chosen = ((every > 0) & (every <= MOST)).nonzero().squeeze(1)
    starts, lengths = offsets[chosen], every[chosen]
    ends = (query.shape[1] * lengths * lengths).cumsum(0)
    cuts = [0]
    while cuts[-1] < chosen.shape[0]:
        before = ends[cuts[-1] - 1] if cuts[-1] else 0
        cuts.append(max(cuts[-1] + 1, int(torch.searchsorted(ends, before + PAIRS, right=True))))
    places = [torch.nn.functional.pad(ends[i:j] - (ends[i - 1] if i else 0), (1, 0)) for i, j in pairwise(cuts)]
    sizes = [int(x[-1]) for x in places]
    memory = query.new_empty(max(sizes, default=0))
    for (i, j), place, size in zip(pairwise(cuts), places, sizes, strict=True):
        yield Part(starts[i:j], lengths[i:j], place, memory[:size])


@helper
def _turn(steps: Array, start: int, head: int, into: Array) -> None:
    """Steps [Σt, h, d] of one sample and head → [d, t]."""
    for j in range(into.shape[1]):
        for c in range(into.shape[0]):
            into[c, j] = steps[start + j, head, c]


@helper
def _turn_back(turned: Array, start: int, head: int, out: Array) -> None:
    for j in range(turned.shape[1]):
        for c in range(turned.shape[0]):
            out[start + j, head, c] = turned[c, j]


@helper
def _products(vector: Array, turned: Array, out: Array) -> None:
    """out[j] = Σ_c vector[c] · turned[c, j]."""
    for j in range(out.shape[0]):
        out[j] = vector[0] * turned[0, j]
    for c in range(1, turned.shape[0]):
        for j in range(out.shape[0]):
            out[j] += vector[c] * turned[c, j]


@helper
def _total(row: Array, turned: Array) -> float:
    """Σ_j row[j] · turned[j]."""
    total = row.dtype.type(0)
    for j in range(row.shape[0]):
        total += row[j] * turned[j]
    return total  # type: ignore[no-any-return]  # numba's number


@kernel
def _scores(
    query: Array, keys: Array, starts: Array, lengths: Array, places: Array, scale: float, causal: bool, softmax: bool,
    out: Array,
) -> None:  # fmt: skip
    """The scores of each step; for a softmax less the largest, and −∞ of steps that are not seen."""
    for i in prange(starts.shape[0]):
        size = lengths[i]
        turned = np.empty((query.shape[2], size), query.dtype)
        factor, hidden = query.dtype.type(scale), query.dtype.type(-np.inf if softmax else 0)
        for head in range(query.shape[1]):
            _turn(keys, starts[i], head, turned)
            for r in range(size):
                at = places[i] + (head * size + r) * size
                row = out[at : at + size]
                _products(query[starts[i] + r, head], turned, row)
                for j in range(size):
                    row[j] = row[j] * factor if j <= r or not causal else hidden
                if softmax:
                    largest = row[0]
                    for j in range(size):
                        largest = max(largest, row[j])
                    for j in range(size):
                        row[j] -= largest


@kernel
def _pool(
    weights: Array, values: Array, starts: Array, lengths: Array, places: Array, softmax: bool, out: Array
) -> None:
    """Sums of the values, each times its weight; of a softmax divided by the sum of these."""
    for i in prange(starts.shape[0]):
        size = lengths[i]
        turned = np.empty((values.shape[2], size), values.dtype)
        for head in range(values.shape[1]):
            _turn(values, starts[i], head, turned)
            for r in range(size):
                at = places[i] + (head * size + r) * size
                row = weights[at : at + size]
                divisor = values.dtype.type(row.sum() if softmax else 1)
                for c in range(values.shape[2]):
                    out[starts[i] + r, head, c] = _total(row, turned[c]) / divisor


@helper
def _of_softmax(row: Array, weight: Array, change: Array) -> None:
    """Weights of exponentials, and from what their gradients are, in `change`, the gradients of the scores."""
    divisor = row.sum()
    for j in range(row.shape[0]):
        weight[j] = row[j] / divisor
    mean = _total(weight, change)
    for j in range(row.shape[0]):
        change[j] = weight[j] * (change[j] - mean)


@helper
def _of_silu(row: Array, sigmoid: Array, weight: Array, change: Array, seen: int) -> None:
    """The same from scores and their sigmoids; later steps than `seen` have no gradient."""
    one = row.dtype.type(1)
    for j in range(row.shape[0]):
        weight[j] = row[j] * sigmoid[j]
        change[j] *= sigmoid[j] * (one + row[j] * (one - sigmoid[j]))
    for j in range(seen, row.shape[0]):
        change[j] = 0


@helper
def _send(change: Array, turned: Array, factor: float, vector: Array, to_vector: Array, to_turned: Array) -> None:
    """Gradients of a vector and of turned steps from those of their products, each times a factor."""
    for c in range(vector.shape[0]):
        to_vector[c] = _total(change, turned[c]) * factor
        part = vector[c] * factor
        for j in range(change.shape[0]):
            to_turned[c, j] += change[j] * part


@helper
def _spread(weight: Array, vector: Array, to_turned: Array) -> None:
    for c in range(vector.shape[0]):
        for j in range(weight.shape[0]):
            to_turned[c, j] += weight[j] * vector[c]


@kernel
def _gradients(
    grad: Array, query: Array, keys: Array, values: Array, scores: Array, opened: Array, starts: Array, lengths: Array,
    places: Array, scale: float, causal: bool, softmax: bool, to_query: Array, to_keys: Array, to_values: Array,
) -> None:  # fmt: skip
    """scores: for a softmax their exponentials; opened: otherwise their sigmoids."""
    for i in prange(starts.shape[0]):
        size, start, dtype = lengths[i], starts[i], query.dtype
        factor = dtype.type(scale)
        key, to_key = np.empty((query.shape[2], size), dtype), np.empty((query.shape[2], size), dtype)
        value, to_value = np.empty((values.shape[2], size), dtype), np.empty((values.shape[2], size), dtype)
        weight, change = np.empty(size, dtype), np.empty(size, dtype)
        for head in range(query.shape[1]):
            _turn(keys, start, head, key)
            _turn(values, start, head, value)
            to_key[:] = 0
            to_value[:] = 0
            for r in range(size):
                at = places[i] + (head * size + r) * size
                _products(grad[start + r, head], value, change)
                if softmax:
                    _of_softmax(scores[at : at + size], weight, change)
                else:
                    seen = r + 1 if causal else size
                    _of_silu(scores[at : at + size], opened[at : at + size], weight, change, seen)
                _send(change, key, factor, query[start + r, head], to_query[start + r, head], to_key)
                _spread(weight, grad[start + r, head], to_value)
            _turn_back(to_key, start, head, to_keys)
            _turn_back(to_value, start, head, to_values)


def forward(
    query: Tensor, keys: Tensor, values: Tensor, offsets: Tensor, causal: bool, softmax: bool, scale: float, out: Tensor
) -> None:
    """Fill the steps of short samples."""
    for part in parts(query, offsets):
        scores = part.scores
        launch(_scores, query, keys, *part.arguments, scale, causal, softmax, scores)
        weights = scores.exp_() if softmax else torch.nn.functional.silu(scores, inplace=True)
        launch(_pool, weights, values, *part.arguments, softmax, out)


def backward(
    grad: Tensor,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    offsets: Tensor,
    causal: bool,
    softmax: bool,
    scale: float,
    outs: tuple[Tensor, Tensor, Tensor],
) -> None:
    """Fill the gradients of the steps of short samples."""
    for part in parts(query, offsets):
        scores = part.scores
        launch(_scores, query, keys, *part.arguments, scale, causal, softmax, scores)
        opened = scores.exp_() if softmax else scores.sigmoid()
        given = (grad, query, keys, values, scores, opened)
        launch(_gradients, *given, *part.arguments, scale, causal, softmax, *outs)
