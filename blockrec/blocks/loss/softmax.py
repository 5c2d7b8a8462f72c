"""Cross-entropy of a softmax."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn.functional import nll_loss

from blockrec.annotations import Axis, Range
from blockrec.blocks.loss.reduction import smoothed, weighted_mean
from blockrec.registry import block


@block("softmax")
class Softmax(nn.Module):
    """Cross-entropy of c ≥ 2 logits, one a class, averaged over the rows; 0 if there are none.

    loss = −Σ w · log p[class] / Σ w, p = softmax(logits) + epsilon, w = weight · mask, 1 without them. Two classes: the
    label lies between 0 and 1 and is the share of the class in column `positive`, whose probability is the prediction.
    More: the label is the column of the class, 0 to c − 1 (`labels: {kind: {classes: c}}`), the prediction is the
    likeliest one.

    Args:
        positive: of two classes: the column of the one that the label 1 stands for.
        epsilon: added to every probability, also to a predicted one, so that its logarithm stays finite.
        smoothing: share s of every label that is spread over all classes: share · (1 − s) + s / c.
    """

    def __init__(
        self,
        c: Axis,
        *,
        positive: Annotated[int, Range(0, 1)] = 1,
        epsilon: Annotated[float, Range(0, 1)] = 0.0,
        smoothing: Annotated[float, Range(0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        if c < 2:
            raise ValueError("a softmax needs at least two logits; `bce` takes one")
        if c > 2 and positive != 1:
            raise ValueError(f"`positive` is for two logits, not for {c}: labels are then columns")
        self.classes, self.positive, self.epsilon, self.smoothing = c, positive, epsilon, smoothing

    def forward(
        self,
        logits: Float[Tensor, "... c"],
        label: Float[Tensor, "..."],
        weight: Num[Tensor, "..."] | None = None,
        mask: Num[Tensor, "..."] | None = None,
    ) -> Float[Tensor, ""]:
        logs = self._logarithms(logits).reshape(-1, self.classes)
        losses = self._two(logs, label.flatten()) if self.classes == 2 else self._many(logs, label.flatten())
        return weighted_mean(losses, weight, mask)

    def predict(self, logits: Float[Tensor, "... c"]) -> Num[Tensor, "..."]:
        """The probability of the class in column `positive`; of more than two classes the column of the likeliest."""
        if self.classes > 2:
            return logits.argmax(dim=-1)
        return torch.softmax(logits, dim=-1)[..., self.positive] + self.epsilon

    def _logarithms(self, logits: Tensor) -> Tensor:
        if self.epsilon == 0:
            return torch.log_softmax(logits, dim=-1)
        return torch.log(torch.softmax(logits, dim=-1) + self.epsilon)

    def _two(self, logs: Tensor, label: Tensor) -> Tensor:
        yes, no = logs[:, self.positive], logs[:, 1 - self.positive]
        share = smoothed(label, self.smoothing, 2)
        return -(share * yes + (1 - share) * no)

    def _many(self, logs: Tensor, label: Tensor) -> Tensor:
        own = nll_loss(logs, label.long(), reduction="none")
        return own if self.smoothing == 0 else (1 - self.smoothing) * own - self.smoothing * logs.mean(dim=1)
