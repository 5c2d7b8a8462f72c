"""`segment_attention` on the CPU: loops over short samples; of long ones products of matrices.

Products are over groups of samples of like length, padded to the longest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import silu

from blockrec.ops.compiled import check_lengths
from blockrec.ops.segment_attention import short

LOOPS = (torch.float32, torch.float64)
"""Numbers that loops over short samples are compiled for."""
ALIKE = 0.8
"""The shortest sample of a group has at least this share of the steps of its longest."""
MOST_PAIRS = 2**18
"""Pairs of steps, over all heads, that are weighed at a time."""


@dataclass(frozen=True)
class Group:
    """Samples of like length. index: [n, longest] their flat steps; known: [n, longest], None if none is padding."""

    index: Tensor
    known: Tensor | None

    def rows(self, x: Tensor) -> Tensor:
        """[Σt, h, d] → [n, h, longest, d]; padding repeats the last step."""
        return x[self.index].transpose(1, 2)

    def put(self, rows: Tensor, into: Tensor) -> None:
        """[n, h, longest, d] to where the steps lie in [Σt, h, d]."""
        steps = rows.transpose(1, 2)
        if self.known is None:
            into[self.index] = steps
        else:
            into[self.index[self.known]] = steps[self.known]


def groups(offsets: Tensor, heads: int, over: int = 0) -> Iterator[Group]:
    """Every sample with more than `over` steps, in one of the groups."""
    lengths, order = offsets.diff().sort(descending=True)
    sizes = lengths.tolist()
    first, end = 0, sum(size > over for size in sizes)
    while first < end:
        longest = sizes[first]
        most = max(1, MOST_PAIRS // (heads * longest * longest))
        last = first + 1
        while last < min(end, first + most) and sizes[last] >= ALIKE * longest:
            last += 1
        yield _group(offsets[order[first:last]], lengths[first:last], longest)
        first = last


def _group(starts: Tensor, lengths: Tensor, longest: int) -> Group:
    place = torch.arange(longest)
    known = place < lengths[:, None]
    index = starts[:, None] + torch.minimum(place, lengths[:, None] - 1)
    return Group(index, None if bool(known.all()) else known)


def _tiles(longest: int, samples_and_heads: int) -> Iterator[slice]:
    """Queries that are weighed together."""
    size = max(1, MOST_PAIRS // (samples_and_heads * longest))
    for start in range(0, longest, size):
        yield slice(start, min(start + size, longest))


def _hidden(group: Group, tile: slice, causal: bool) -> Tensor | None:
    """[n or 1, 1, tile, longest] the pairs that are none; None if all are."""
    hidden = None if group.known is None else ~group.known[:, None, None]
    if causal:
        place = torch.arange(group.index.shape[1])
        later = place > place[tile, None]
        hidden = later[None, None] if hidden is None else hidden | later
    return hidden


def _scores(query: Tensor, keys: Tensor, scale: float, hidden: Tensor | None, softmax: bool) -> Tensor:
    scores = (query @ keys.transpose(-1, -2)).mul_(scale)
    return scores if hidden is None else scores.masked_fill_(hidden, -torch.inf if softmax else 0)


def forward(
    query: Tensor, keys: Tensor, values: Tensor, offsets: Tensor, causal: bool, softmax: bool, scale: float
) -> Tensor:
    """[Σt, h, v]."""
    check_lengths(offsets, steps=(query, keys, values))
    out = values.new_empty(values.shape)
    if loops := values.dtype in LOOPS:
        short.forward(query, keys, values, offsets, causal, softmax, scale, out)
    for group in groups(offsets, values.shape[1], over=short.MOST if loops else 0):
        q, k, v = (group.rows(x) for x in (query, keys, values))
        found = values.new_empty(v.shape)
        for tile in _tiles(q.shape[2], q.shape[0] * q.shape[1]):
            scores = _scores(q[:, :, tile], k, scale, _hidden(group, tile, causal), softmax)
            found[:, :, tile] = (scores.softmax(-1) if softmax else silu(scores)) @ v
        group.put(found, out)
    return out


def backward(
    grad: Tensor,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    offsets: Tensor,
    causal: bool,
    softmax: bool,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the queries, keys and values; weights are computed again."""
    outs = query.new_empty(query.shape), keys.new_empty(keys.shape), values.new_empty(values.shape)
    if loops := values.dtype in LOOPS:
        short.backward(grad, query, keys, values, offsets, causal, softmax, scale, outs)
    for group in groups(offsets, values.shape[1], over=short.MOST if loops else 0):
        q, k, v, g = (group.rows(x) for x in (query, keys, values, grad))
        if group.known is not None:
            g = g * group.known[:, None, :, None]
        to_q, to_k, to_v = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for tile in _tiles(q.shape[2], q.shape[0] * q.shape[1]):
            hidden = _hidden(group, tile, causal)
            scores = _scores(q[:, :, tile], k, scale, hidden, softmax)
            to_weights = g[:, :, tile] @ v.transpose(-1, -2)
            weights, to_scores = _weights_and_gradient(scores, to_weights, hidden, softmax)
            to_scores.mul_(scale)
            to_q[:, :, tile] = to_scores @ k
            to_k += to_scores.transpose(-1, -2) @ q[:, :, tile]
            to_v += weights.transpose(-1, -2) @ g[:, :, tile]
        for found, out in zip((to_q, to_k, to_v), outs, strict=True):
            group.put(found, out)
    return outs


def _weights_and_gradient(
    scores: Tensor, to_weights: Tensor, hidden: Tensor | None, softmax: bool
) -> tuple[Tensor, Tensor]:
    """The weights of scores, and the gradient of these."""
    if softmax:
        weights = scores.softmax(-1)
        products = weights * to_weights
        return weights, products.sub_(weights * products.sum(-1, keepdim=True))
    open_ = scores.sigmoid()
    weights = scores * open_
    to_scores = to_weights.mul_(open_ + weights * (1 - open_))
    return weights, to_scores if hidden is None else to_scores.masked_fill_(hidden, 0)
