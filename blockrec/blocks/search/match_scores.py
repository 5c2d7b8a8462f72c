"""Hard search: steps that share an id with the target."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from blockrec.jagged import Jagged
from blockrec.registry import block


@block("match_scores")
class MatchScores(nn.Module):
    """Score steps that have the target's id: score_t = 1 if key_t = query, else 0.

    With `topk` it is the hard search of SIM (Pi et al., "Search-based User Interest Modeling", CIKM 2020) by category:
    the latest steps of the target's category and, if there are fewer than k, the latest others. Nothing is learned.
    """

    one: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("one", torch.ones(()), persistent=False)  # of the dtype of the model

    def forward(self, query: Int[Tensor, "b"], keys: Int[Jagged, "b t"]) -> Float[Jagged, "b t"]:
        return keys.like(self.one * (keys.values == query[keys.rows]))
