"""What encoders of histories share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from blockrec.jagged import Jagged, first_steps, select
from blockrec.ops import Kernel, bind


def widened(query: Tensor, width: int) -> Tensor:
    """A query [b, q] padded with zeros to the width of the keys."""
    return nn.functional.pad(query, (0, width - query.shape[1]))


def first(keys: Jagged, most: int | None) -> Jagged:
    """The first `most` steps of each sample; all of them by default."""
    return keys if most is None else first_steps(keys, most)[0]


def over_first(
    most: int | None, keys: Jagged, values: Jagged | None, pool: Callable[[Jagged, Jagged], tuple[Tensor, Jagged]]
) -> tuple[Tensor, Jagged]:
    """Pool the first `most` steps of `values`, by default the keys; the others have weight 0."""
    if most is None:
        return pool(keys, keys if values is None else values)
    kept, index = first_steps(keys, most)
    out, weights = pool(kept, kept if values is None else select(values, index, kept.offsets, kept.max_length))
    return out, keys.like(weights.values.new_zeros(keys.rows.shape).index_copy(0, index, weights.values))


def last(x: Jagged) -> Tensor:
    """The last step of each sample [b, d], zeros for an empty one."""
    steps = torch.cat([x.values, x.values.new_zeros(1, *x.values.shape[1:])])
    return steps[torch.where(x.lengths > 0, x.offsets[1:] - 1, x.rows.shape[0])]


class Heads(nn.Module):
    """Attention of steps to each other by scaled dot products, several heads side by side, as the paper's eq. 1-2.

    out = W_o [head_1 ‖ …], head = softmax(⟨W_q x_i, W_k x_j⟩ / √a) W_v y_j, each map with a bias. Vaswani et al.,
    "Attention Is All You Need", NeurIPS 2017. The width of a head a is that of the result divided by the heads, rounded
    up.
    """

    def __init__(self, d: int, v: int, width: int, heads: int, kernel: Kernel) -> None:
        super().__init__()
        inside = heads * -(-width // heads)
        self.query, self.key, self.value = nn.Linear(d, inside), nn.Linear(d, inside), nn.Linear(v, inside)
        self.out = nn.Linear(inside, width)
        self.heads, self.scale = heads, (inside // heads) ** -0.5
        self.bound = bind("segment_attention", kernel)

    def forward(self, x: Jagged, y: Jagged, causal: bool = False) -> Jagged:
        """Steps x [b, t, d] are compared, steps y [b, t, v] are summed → [b, t, width]."""
        return self.attended(self.query(x.values), self.key(x.values), self.value(y.values), x, causal)

    def attended(self, query: Tensor, keys: Tensor, values: Tensor, like: Jagged, causal: bool = False) -> Jagged:
        """Of projections [Σt, heads · a]."""
        parts = (like.like(by_head(part, self.heads)) for part in (query, keys, values))
        found: Jagged = self.bound.call(*parts, causal, True, self.scale)
        return like.like(self.out(found.values.flatten(1)))


def by_head(x: Tensor, heads: int) -> Tensor:
    """[n, heads · a] → [n, heads, a]"""
    return x.reshape(x.shape[0], heads, x.shape[1] // heads)
