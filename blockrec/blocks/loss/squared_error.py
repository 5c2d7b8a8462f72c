"""Squared error of a number."""

from __future__ import annotations

from jaxtyping import Float, Num
from torch import Tensor, nn

from blockrec.blocks.loss.reduction import weighted_mean
from blockrec.registry import block


@block("squared_error")
class SquaredError(nn.Module):
    """Squared distance of one output and a label that is any number, averaged over the rows; 0 if there are none.

    loss = Σ w · (output − label)² / Σ w, w = weight · mask, 1 without them. The output itself is the prediction.
    """

    def forward(
        self,
        logits: Float[Tensor, "... 1"],
        label: Float[Tensor, "..."],
        weight: Num[Tensor, "..."] | None = None,
        mask: Num[Tensor, "..."] | None = None,
    ) -> Float[Tensor, ""]:
        return weighted_mean((logits.squeeze(-1) - label.to(logits.dtype)) ** 2, weight, mask)

    def predict(self, logits: Float[Tensor, "... 1"]) -> Float[Tensor, "..."]:
        """The output as it is."""
        return logits.squeeze(-1)
