"""Binary cross-entropy."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from blockrec.annotations import Range
from blockrec.blocks.loss.reduction import smoothed, weighted_mean
from blockrec.registry import block


@block("bce")
class BCE(nn.Module):
    """Binary cross-entropy of one logit and a label between 0 and 1, averaged over the rows; 0 if there are none.

    loss = −Σ w · (label · log p + (1 − label) · log(1 − p)) / Σ w, p = σ(logit), w = weight · mask, 1 without them.

    Args:
        smoothing: share s of every label that is spread over both classes: label · (1 − s) + s / 2.
    """

    def __init__(self, *, smoothing: Annotated[float, Range(0, 1)] = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing

    def forward(
        self,
        logits: Float[Tensor, "... 1"],
        label: Float[Tensor, "..."],
        weight: Num[Tensor, "..."] | None = None,
        mask: Num[Tensor, "..."] | None = None,
    ) -> Float[Tensor, ""]:
        label = smoothed(label.to(logits.dtype), self.smoothing, 2)
        losses = binary_cross_entropy_with_logits(logits.squeeze(-1), label, reduction="none")
        return weighted_mean(losses, weight, mask)

    def predict(self, logits: Float[Tensor, "... 1"]) -> Float[Tensor, "..."]:
        """The probability of the label 1: σ(logit)."""
        return torch.sigmoid(logits.squeeze(-1))
