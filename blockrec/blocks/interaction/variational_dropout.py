"""Dropout of whole features, whose probability is learned."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.registry import block

EPSILON = 1.1920929e-07
"""Of 32-bit floats; it keeps logarithms finite."""


@block("variational_dropout")
class VariationalDropout(nn.Module):
    """Learn whether a model needs an input, by dropping all of it with a learned probability q = σ(logit).

    out = x · (1 − z). In training z is drawn for each sample, relaxed: z = σ((log q − log(1 − q) + log u −
    log(1 − u)) / temperature), u uniform in (0, 1). In evaluation z = q. Chang et al., "Dropout Feature Ranking for
    Deep Learning Models", 2017. Each feature has a node of its own; the output `kept` is 1 − q, the same for all
    samples: give it to the loss `selection_penalty`, for without a price every input is kept. `blockrec analyze RUN
    feature-selection` ranks them.

    Args:
        temperature: the lower, the nearer are the z to 0 and 1.
        deviation: of the first logit, mean 0; with 0 all features begin alike, dropped in half of the samples
            (TorchEasyRec draws with 1).
    """

    class Out(NamedTuple):
        out: Float[Tensor, "b d"]
        kept: Float[Tensor, "b 1"]

    def __init__(
        self, *, temperature: Annotated[float, Range(1e-6)] = 0.1, deviation: Annotated[float, Range(0)] = 0.0
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.logit = nn.Parameter(deviation * torch.randn(()))

    def forward(self, x: Float[Tensor, "b d"]) -> Out:
        dropped = torch.sigmoid(self.logit)
        drawn = self._drawn(dropped, x) if self.training else dropped
        return self.Out(x * (1 - drawn), (1 - dropped).expand(x.shape[0], 1))

    def _drawn(self, dropped: Tensor, x: Tensor) -> Tensor:
        """[b, 1]"""
        u = torch.rand(x.shape[0], 1, dtype=x.dtype, device=x.device)
        odds = torch.log(dropped + EPSILON) - torch.log(1 - dropped + EPSILON)
        return torch.sigmoid((odds + torch.log(u + EPSILON) - torch.log(1 - u + EPSILON)) / self.temperature)
