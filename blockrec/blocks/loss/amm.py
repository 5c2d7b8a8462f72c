"""The adaptive mimic mechanism of the Dual Augmented Two-Tower model."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from jaxtyping import Float, Num
from torch import Tensor, nn

from blockrec.blocks.loss.reduction import weighted_mean
from blockrec.registry import block


@block("amm")
class AdaptiveMimic(nn.Module):
    """Let the augmented vector of one tower imitate what the other tower gave for its positives.

    loss = Σ w · ‖augment / ‖augment‖ − target‖² / Σ w, w = weight · mask, 1 without them; 0 if there are no rows. No
    gradient flows into the target: the augmented vector learns from the other tower, not the reverse. Yu et al., "A
    Dual Augmented Two-tower Model for Online Large-scale Recommendation", DLP-KDD 2021, eq. 5. Rows whose item was not
    chosen belong under `mask`.

    Args:
        reduction: mean: as above. sum: Σ w · ‖…‖², as TorchEasyRec has it without sample weights; it grows with the
            batch.
        normalize: divide the augmented vector by its length first, as TorchEasyRec does; targets of unit length, those
            of a cosine, can then be met.
    """

    def __init__(self, *, reduction: Literal["mean", "sum"] = "mean", normalize: bool = True) -> None:
        super().__init__()
        self.reduction, self.normalize = reduction, normalize

    def forward(
        self,
        augment: Float[Tensor, "b d"],
        target: Float[Tensor, "b d"],
        weight: Num[Tensor, "b"] | None = None,
        mask: Num[Tensor, "b"] | None = None,
    ) -> Float[Tensor, ""]:
        augment = F.normalize(augment, dim=-1) if self.normalize else augment
        losses = (augment - target.detach()).square().sum(dim=-1)
        if self.reduction == "mean":
            return weighted_mean(losses, weight, mask)
        for factor in [w for w in (weight, mask) if w is not None]:
            losses = losses * factor.to(losses.dtype)
        return losses.sum()
