"""Binary cross-entropy that dwells on the rows that are still told wrongly."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from blockrec.annotations import Range
from blockrec.blocks.loss.reduction import weighted_mean
from blockrec.registry import block


@block("focal")
class Focal(nn.Module):
    """Binary cross-entropy, each row weighed by how far its prediction is from the label; 0 if there are no rows.

    loss = −Σ w · (alpha · (1 − p)^gamma · label · log p + (1 − alpha) · p^gamma · (1 − label) · log(1 − p)) / Σ w,
    p = σ(logit), w = weight · mask, 1 without them, for labels 0 and 1. Lin et al., "Focal Loss for Dense Object
    Detection", ICCV 2017, eq. 5. It moves probabilities towards 1/2: calibrate them before they serve as such.

    Args:
        gamma: how fast rows lose weight as they are told well; 0 is the cross-entropy times `alpha` and 1 − `alpha`.
        alpha: weight of the label 1; that of 0 is 1 − alpha.
        detach: take alpha · (1 − p)^gamma for a constant, whose gradient is left out, as TorchEasyRec does.
    """

    def __init__(
        self,
        *,
        gamma: Annotated[float, Range(0)] = 2.0,
        alpha: Annotated[float, Range(0, 1)] = 0.5,
        detach: bool = False,
    ) -> None:
        super().__init__()
        self.gamma, self.alpha, self.detach = gamma, alpha, detach

    def forward(
        self,
        logits: Float[Tensor, "... 1"],
        label: Float[Tensor, "..."],
        weight: Num[Tensor, "..."] | None = None,
        mask: Num[Tensor, "..."] | None = None,
    ) -> Float[Tensor, ""]:
        logit, label = logits.squeeze(-1), label.to(logits.dtype)
        focus = self._focus(logit.detach() if self.detach else logit, label)
        losses = binary_cross_entropy_with_logits(logit, label, reduction="none")
        return weighted_mean(focus * losses, weight, mask)

    def _focus(self, logit: Tensor, label: Tensor) -> Tensor:
        """alpha · (1 − p)^gamma where the label is 1, (1 − alpha) · p^gamma where it is 0."""
        yes, no = torch.sigmoid(logit) ** self.gamma, torch.sigmoid(-logit) ** self.gamma
        return self.alpha * label * no + (1 - self.alpha) * (1 - label) * yes

    def predict(self, logits: Float[Tensor, "... 1"]) -> Float[Tensor, "..."]:
        """The probability of the label 1: σ(logit)."""
        return torch.sigmoid(logits.squeeze(-1))
