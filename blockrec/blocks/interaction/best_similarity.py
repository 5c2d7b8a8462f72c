"""How near an item is to the nearest of several vectors."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.ops.nearness import Nearness, as_item, as_query
from blockrec.registry import block


@block("best_similarity")
class BestSimilarity(nn.Module):
    """Score an item by the nearest of several queries of a sample: max_k ⟨query_k, item⟩ / temperature.

    So models with several interests retrieve: each interest finds its items (Li et al., "Multi-Interest Network with
    Dynamic Routing", CIKM 2019, section 4.5). A sample without queries scores 0.

    Args:
        similarity: dot: ⟨query, item⟩. cosine: both are divided by their lengths first. euclid: −‖query − item‖².
        temperature: similarities are divided by it.
    """

    def __init__(
        self,
        *,
        similarity: Nearness = "dot",
        temperature: Annotated[float, Range(1e-6)] = 1.0,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        bound = bind("target_dot", kernel)
        self.dot, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.nearness, self.temperature = similarity, temperature

    def forward(self, query: Float[Jagged, "b k d"], item: Float[Tensor, "b d"]) -> Float[Tensor, "b 1"]:
        queries = query.like(as_query(query.values, self.nearness))
        scores = self.dot(as_item(item, self.nearness), queries).values / self.temperature
        return largest(query, scores[:, None])

    def of_all(self, query: Jagged, items: Tensor) -> Tensor:
        """[b, k, d], [i, d] → [b, i] the score of every sample with every item."""
        scores = as_query(query.values, self.nearness) @ as_item(items, self.nearness).T / self.temperature
        return largest(query, scores)


def largest(x: Jagged, scores: Tensor) -> Tensor:
    """[Σk, n] → [b, n] the largest of each sample, 0 where there is none."""
    empty = scores.new_zeros(x.batch, scores.shape[1])
    index = x.rows[:, None].expand_as(scores)
    return torch.scatter_reduce(empty, 0, index, scores, "amax", include_self=False)
