"""How near two vectors are."""

from __future__ import annotations

from typing import Annotated

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.ops.nearness import Nearness, as_item, as_query
from blockrec.registry import block


@block("similarity")
class Similarity(nn.Module):
    """Score a query and an item, e.g. the towers that `match_softmax` trains: ⟨query, item⟩ / temperature.

    As the logits of a task it lets such a model be measured, and predict.

    Args:
        similarity: dot: ⟨query, item⟩. cosine: both are divided by their lengths first. euclid: −‖query − item‖².
        temperature: similarities are divided by it.
    """

    def __init__(self, *, similarity: Nearness = "dot", temperature: Annotated[float, Range(1e-6)] = 1.0) -> None:
        super().__init__()
        self.nearness, self.temperature = similarity, temperature

    def forward(self, query: Float[Tensor, "... d"], item: Float[Tensor, "... d"]) -> Float[Tensor, "... 1"]:
        if self.nearness == "euclid":
            return -(query - item).square().sum(dim=-1, keepdim=True) / self.temperature
        if self.nearness == "cosine":
            query, item = F.normalize(query, dim=-1), F.normalize(item, dim=-1)
        return (query * item).sum(dim=-1, keepdim=True) / self.temperature

    def of_all(self, query: Tensor, items: Tensor) -> Tensor:
        """[b, d], [i, d] → [b, i] the score of every query with every item."""
        return as_query(query, self.nearness) @ as_item(items, self.nearness).T / self.temperature
