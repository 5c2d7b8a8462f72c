"""A loss that calibrates and ranks at once."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float, Int, Num
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.blocks.loss.reduction import weighted_mean
from blockrec.registry import block


@block("jrc")
class JRC(nn.Module):
    """Cross-entropy of two logits, with a softmax over the rows of a session beside it; 0 if there are no rows.

    loss = Σ w · (alpha · CE + (1 − alpha) · GE) / Σ w, w = weight · mask, 1 without them. The logits are [no, yes]; CE
    is the cross-entropy of their softmax. GE of a row with label 1 is −log(e^yes / (e^yes + Σ e^yes of the rows of its
    session with label 0)); of one with label 0 the same of `no` among rows with label 1. Rows of a session that are in
    one batch see each other; those that the mask leaves out are not seen. Sheng et al., "Joint Optimization of Ranking
    and Calibration with Contextualized Hybrid Model", KDD 2023. Without `session` all rows of the batch are one.

    Args:
        alpha: share of the cross-entropy; the rest is that of the ranking.
    """

    def __init__(self, *, alpha: Annotated[float, Range(0, 1)] = 0.5) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(
        self,
        logits: Float[Tensor, "b 2"],
        label: Float[Tensor, "b"],
        session: Int[Tensor, "b"] | None = None,
        weight: Num[Tensor, "b"] | None = None,
        mask: Num[Tensor, "b"] | None = None,
    ) -> Float[Tensor, ""]:
        clicked = label > 0.5
        places = torch.zeros_like(clicked, dtype=torch.int64) if session is None else _numbered(session)
        seen = torch.ones_like(clicked) if mask is None else mask != 0
        own = logits.gather(1, clicked.long()[:, None]).squeeze(1)
        calibration = torch.logsumexp(logits, dim=1) - own
        ranking = torch.where(
            clicked,
            _against(logits[:, 1], places, ~clicked & seen),
            _against(logits[:, 0], places, clicked & seen),
        )
        return weighted_mean(self.alpha * calibration + (1 - self.alpha) * ranking, weight, mask)

    def predict(self, logits: Float[Tensor, "b 2"]) -> Float[Tensor, "b"]:
        """The probability of the label 1: softmax(logits)₁."""
        return torch.softmax(logits, dim=-1)[:, 1]


def _numbered(session: Tensor) -> Tensor:
    """Sessions as numbers below that of the rows; where only shapes are computed, as they are."""
    if session.is_meta:
        return session
    places: Tensor = torch.unique(session, return_inverse=True)[1]
    return places


def _against(score: Tensor, places: Tensor, others: Tensor) -> Tensor:
    """[b] −log(e^score / (e^score + Σ e^score of the `others` with the same place))."""
    score = score if score.dtype == torch.float64 else score.float()
    rivals = score.masked_fill(~others, -torch.inf)
    largest = torch.full_like(score, -torch.inf).scatter_reduce(0, places, rivals.detach(), "amax")
    largest = largest.where(largest.isfinite(), 0)
    total = torch.zeros_like(score).index_add(0, places, torch.exp(rivals - largest[places]))
    alone = total == 0
    theirs = (total.where(~alone, 1).log() + largest).masked_fill(alone, -torch.inf)
    return torch.logaddexp(score, theirs[places]) - score
