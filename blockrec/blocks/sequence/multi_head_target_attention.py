"""Target attention with several heads."""

from __future__ import annotations

from typing import Annotated, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.jagged import Jagged, select
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("multi_head_target_attention")
class MultiHeadTargetAttention(nn.Module):
    """Attend to a history with the target as the one query, several heads side by side.

    score_{n,t} = ⟨W_q^n query, W_k^n key_t⟩ · scale, w_n = softmax(score_n over the steps S_n),
    out = W_o [Σ_t w_{n,t} W_v^n key_t for each head n], with S_n all steps or, with `k`, the k best of head n: then
    search and attention share their scores, as in TWIN (Chang et al., KDD 2023). Maps have no bias; out has the width
    of the keys. An empty history gives zeros. The output `weights` holds w, zero outside S_n; `scores` the scores of
    all steps.

    No step is projected: scores are ⟨W_kᵀ W_q query, key_t⟩, and W_v applies to the pooled keys.

    Args:
        heads: number of heads.
        head_width: of the projections of each head.
        scale: multiply the scores by 1 / √head_width, or not.
        k: steps that each head attends to; default: all. Of equal scores the later step is taken.
    """

    attention = ("dot",)
    """Parts whose inputs serve attention alone."""

    class Out(NamedTuple):
        out: Float[Tensor, "b d"]
        weights: Float[Jagged, "b t {heads}"]
        scores: Float[Jagged, "b t {heads}"]

    looks_up: ClassVar[dict[str, str]] = {"keys": "looked_dot"}

    def __init__(
        self,
        q: Axis,
        d: Axis,
        *,
        heads: Annotated[int, Range(1)] = 1,
        head_width: Annotated[int, Range(1)],
        scale: bool = True,
        k: Annotated[int, Range(1)] | None = None,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        width = heads * head_width
        self.query, self.key = nn.Linear(q, width, bias=False), nn.Linear(d, width, bias=False)
        self.value, self.out = nn.Linear(d, width, bias=False), nn.Linear(width, d, bias=False)
        self.heads, self.k, self.scale = heads, k, head_width**-0.5 if scale else 1.0
        bound = bind("target_dot", kernel)
        self.dot, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.softmax, self.sum = bind("segment_softmax", kernel).call, bind("segment_sum", kernel).call
        self.topk = bind("segment_topk", kernel).call

    def forward(self, query: Float[Tensor, "b q"], keys: Float[Jagged, "b t d"]) -> Out:
        parts = [self._attended(folded, keys) for folded in self._folded(query)]
        pooled, weights, scores = zip(*parts, strict=True)
        values = torch.einsum("bnd,nhd->bnh", torch.stack(pooled, dim=1), self._by_head(self.value))
        stacked = [keys.like(torch.stack(x, dim=1)) for x in (weights, scores)]
        return self.Out(self.out(values.flatten(1)), *stacked)

    def _folded(self, query: Tensor) -> list[Tensor]:
        """For each head the vector [b, d] whose dot product with a key is the score."""
        queries = self.query(query).unflatten(1, (self.heads, -1)) * self.scale
        folded = torch.einsum("bnh,nhd->nbd", queries, self._by_head(self.key))
        return list(folded.unbind(0))

    def _by_head(self, linear: nn.Linear) -> Tensor:
        """Weights [width, d] → [heads, width of a head, d]."""
        return linear.weight.view(self.heads, -1, linear.in_features)

    def _attended(self, folded: Tensor, keys: Jagged) -> tuple[Tensor, Tensor, Tensor]:
        """Pooled keys [b, d], weights and scores [Σt] of one head."""
        scores: Jagged = self.dot(folded, keys)
        if self.k is None:
            weights: Jagged = self.softmax(scores)
            return self.sum(keys, weights), weights.values, scores.values
        best, index = self.topk(scores, self.k)
        weights = self.softmax(best)
        pooled: Tensor = self.sum(select(keys, index, best.offsets, best.max_length), weights)
        return pooled, scores.values.new_zeros(scores.rows.shape).index_copy(0, index, weights.values), scores.values
