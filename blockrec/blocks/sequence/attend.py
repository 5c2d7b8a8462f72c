"""Softmax pooling of a whole history."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("attend")
class Attend(nn.Module):
    """Pool all steps by the softmax of their scores: w = softmax(scores), out = Σ_t w_t · values_t.

    An empty history gives zeros. The output `weights` holds w, which sums to 1 in each sample.
    """

    class Out(NamedTuple):
        out: Float[Tensor, "b d"]
        weights: Float[Jagged, "b t"]

    looks_up: ClassVar[dict[str, str]] = {"values": "looked_sum"}

    def __init__(self, *, kernel: Kernel = "auto") -> None:
        super().__init__()
        bound = bind("segment_sum", kernel)
        self.sum, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.softmax = bind("segment_softmax", kernel).call

    def forward(self, scores: Float[Jagged, "b t"], values: Float[Jagged, "b t d"]) -> Out:
        weights = self.softmax(scores)
        return self.Out(self.sum(values, weights), weights)
