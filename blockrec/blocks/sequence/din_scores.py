"""Scores of a history for a target by a small network."""

from __future__ import annotations

from typing import Annotated, Literal

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import AtMost, Axis, Range
from blockrec.blocks.activations import Activation
from blockrec.blocks.sequence.target_score import TargetScore
from blockrec.blocks.tower.mlp import Norm
from blockrec.jagged import Jagged
from blockrec.ops import Kernel
from blockrec.registry import block


@block("din_scores")
class DINScores(nn.Module):
    """Score every step by a network over the target and the step: the first half of `din`.

    score_t = Linear(MLP([query ‖ key_t ‖ query − key_t ‖ query ⊙ key_t])), with q ≤ d and the query padded with zeros.
    Scores are raw: `topk_attend` or `attend` makes weights of them.

    Args:
        hidden: widths of the scoring network.
        activation: after each of its layers.
        norm: before each activation; its statistics are over all steps.
        scale: divide the scores by the `width` d of the keys (as the DARE paper's DIN does), or not.
    """

    def __init__(
        self,
        q: Annotated[Axis, AtMost("d")],
        d: Axis,
        *,
        hidden: list[Annotated[int, Range(1)]] = [64, 32],
        activation: Activation = "relu",
        norm: Norm = "none",
        scale: Literal["none", "width"] = "none",
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        self.score = TargetScore(q, d, hidden, activation, norm, kernel)
        self.divisor = d if scale == "width" else 1
        self.kernel, self.kernel_why = self.score.bound.kernel, self.score.bound.why

    def forward(self, query: Float[Tensor, "b q"], keys: Float[Jagged, "b t d"]) -> Float[Jagged, "b t"]:
        scores: Jagged = self.score(query, keys)
        return scores.like(scores.values / self.divisor)
