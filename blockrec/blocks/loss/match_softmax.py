"""Cross-entropy of an item among negatives: those of the batch, sampled ones, hard ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from jaxtyping import Float, Int, Num
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.blocks.loss.asking import Asking, Nearest, One
from blockrec.blocks.loss.log_sum import log_sum_exp
from blockrec.blocks.loss.reduction import weighted_mean
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.ops.nearness import Nearness, as_item, as_query
from blockrec.registry import block


@block("match_softmax")
class MatchSoftmax(nn.Module):
    """Tell the item of each row from negatives by its similarity with the query: the loss of two-tower models.

    loss = −Σ_i w_i · log(e^{s(i, i)} / (e^{s(i, i)} + Σ_j e^{s(i, j)})) / Σ_i w_i, s(i, j) = ⟨query_i, item_j⟩ /
    temperature − logq_j, w = weight · mask, 1 without them; 0 if there are no rows. The negatives j of row i are the
    items of the other rows (`in_batch`), its steps of `negatives` (`shared`: those of all rows) and its steps of
    `hard`. Every row is a positive: rows whose item was not chosen belong under `mask`.

    `queries`: several vectors of a row, by which items are retrieved: a negative is then compared with the nearest of
    them, s(i, j) = max_k ⟨query_ik, item_j⟩ / temperature − logq_j. Without it the vector that a model chose with the
    positive in view, as MIND's label-aware attention does, is all that negatives are compared with, and the others
    learn nothing of what they must not retrieve.

    `item_id`, with `negatives_id` and `hard_id`: a negative that is the row's own item under another name is left out.
    `item_logq`, `negatives_logq`, `hard_logq`: the logarithm of how often an item comes as a negative, which is taken
    off, so that frequent items are not pushed away for being frequent (Yi et al., "Sampling-Bias-Corrected Neural
    Modeling for Large Corpus Item Recommendations", RecSys 2019, eq. 3); `item_logq` is taken off the positive too.

    Args:
        similarity: dot: ⟨query, item⟩. cosine: both are divided by their lengths first. euclid: −‖query − item‖².
        temperature: similarities are divided by it.
        in_batch: whether the items of the other rows are negatives; those of rows that the mask leaves out are too.
        shared: whether all rows see the `negatives` of each of them, instead of their own only.
    """

    def __init__(
        self,
        *,
        similarity: Nearness = "dot",
        temperature: Annotated[float, Range(1e-6)] = 1.0,
        in_batch: bool = True,
        shared: bool = False,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        bound = bind("target_dot", kernel)
        self.dot, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.nearness, self.temperature = similarity, temperature
        self.in_batch, self.shared = in_batch, shared

    def forward(
        self,
        query: Float[Tensor, "b d"],
        item: Float[Tensor, "b d"],
        negatives: Float[Jagged, "b n d"] | None = None,
        hard: Float[Jagged, "b h d"] | None = None,
        item_id: Int[Tensor, "b"] | None = None,
        negatives_id: Int[Jagged, "b n"] | None = None,
        hard_id: Int[Jagged, "b h"] | None = None,
        item_logq: Float[Tensor, "b 1"] | None = None,
        negatives_logq: Float[Jagged, "b n 1"] | None = None,
        hard_logq: Float[Jagged, "b h 1"] | None = None,
        weight: Num[Tensor, "b"] | None = None,
        mask: Num[Tensor, "b"] | None = None,
        queries: Float[Jagged, "b k d"] | None = None,
    ) -> Float[Tensor, ""]:
        self._check(negatives, hard)
        _go_together(item_id, {"negatives_id": negatives_id, "hard_id": hard_id})
        _belong(negatives, {"negatives_id": negatives_id, "negatives_logq": negatives_logq}, "negatives")
        _belong(hard, {"hard_id": hard_id, "hard_logq": hard_logq}, "hard")
        query, item = as_query(query, self.nearness) / self.temperature, as_item(item, self.nearness)
        positive = _less((query * item).sum(dim=1), item_logq)
        asking: Asking = One(query, self.dot)
        if queries is not None:
            asking = Nearest(queries.like(as_query(queries.values, self.nearness) / self.temperature), self.dot)
        wide, long = [], []
        if self.in_batch:
            wide.append(_of_others(asking, item, item_id, item_logq))
        if negatives is not None and self.shared:
            wide.append(self._of_all(asking, negatives, item_id, negatives_id, negatives_logq))
        elif negatives is not None:
            long.append(self._own(asking, negatives, item_id, negatives_id, negatives_logq))
        if hard is not None:
            long.append(self._own(asking, hard, item_id, hard_id, hard_logq))
        return weighted_mean(log_sum_exp(positive, wide, long) - positive, weight, mask)

    def _own(
        self, asking: Asking, items: Jagged, own: Tensor | None, ids: Jagged | None, logq: Jagged | None
    ) -> Jagged:
        """[b, n] similarities with the row's negatives."""
        scores = _less(asking.of_own(items.like(as_item(items.values, self.nearness))), _values(logq))
        if own is not None and ids is not None:
            scores = scores.masked_fill(ids.values == own[ids.rows], -torch.inf)
        return items.like(scores)

    def _of_all(
        self, asking: Asking, items: Jagged, own: Tensor | None, ids: Jagged | None, logq: Jagged | None
    ) -> Tensor:
        """[b, Σn] similarities with the negatives of all rows."""
        scores = _less(asking.of_all(as_item(items.values, self.nearness)), _values(logq))
        return scores if own is None or ids is None else scores.masked_fill(own[:, None] == ids.values, -torch.inf)

    def _check(self, negatives: Jagged | None, hard: Jagged | None) -> None:
        """That there are negatives of the kinds that the parameters speak of."""
        if not self.in_batch and negatives is None and hard is None:
            raise ValueError("match_softmax: there are no negatives: give `negatives` or `hard`, or `in_batch: true`")
        if self.shared and negatives is None:
            raise ValueError("match_softmax: `shared` is about `negatives`, which are not given")


def _of_others(asking: Asking, item: Tensor, ids: Tensor | None, logq: Tensor | None) -> Tensor:
    """[b, b] similarities with the items of the other rows; −∞ for the row's own."""
    scores = _less(asking.of_all(item), logq)
    names = torch.arange(scores.shape[0], device=scores.device) if ids is None else ids
    return scores.masked_fill(names[:, None] == names, -torch.inf)


def _less(scores: Tensor, logq: Tensor | None) -> Tensor:
    """Scores [..., n] − logq [n, 1], in 32 bits at least."""
    scores = scores if scores.dtype == torch.float64 else scores.float()
    return scores if logq is None else scores - logq.squeeze(-1)


def _values(x: Jagged | None) -> Tensor | None:
    return None if x is None else x.values


def _belong(owner: Jagged | None, parts: Mapping[str, Jagged | None], name: str) -> None:
    for part in [part for part, value in parts.items() if value is not None and owner is None]:
        raise ValueError(f"match_softmax: `{part}` describes `{name}`, which are not given")


def _go_together(item_id: Tensor | None, others: Mapping[str, Jagged | None]) -> None:
    for other in [other for other, value in others.items() if value is not None and item_id is None]:
        raise ValueError(f"match_softmax: `{other}` is compared with `item_id`, which is not given")
