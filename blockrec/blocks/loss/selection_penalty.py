"""The price of features."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.registry import block


@block("selection_penalty")
class SelectionPenalty(nn.Module):
    """Make a model do with few features: the number of those that `variational_dropout` keeps, divided by the rows.

    loss = Σ_i kept_i / b, kept_i the mean of an input over the b rows; 0 if there are none. Chang et al., "Dropout
    Feature Ranking for Deep Learning Models", 2017, eq. 4, whose λ is the `weight` of the loss (TorchEasyRec: 0.01).
    """

    def forward(self, *kept: Float[Tensor, "b 1"]) -> Float[Tensor, ""]:
        rows = max(kept[0].shape[0], 1)
        return torch.cat(kept, dim=1).sum() / rows / rows
