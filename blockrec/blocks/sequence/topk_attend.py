"""Softmax pooling of the best steps of a history."""

from __future__ import annotations

from typing import Annotated, ClassVar, NamedTuple

from jaxtyping import Float, Int
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.jagged import Jagged, select
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("topk_attend")
class TopKAttend(nn.Module):
    """Retrieve the k steps of highest score, and pool them by the softmax over themselves alone.

    S = the k best steps, w = softmax(scores over S), out = Σ_{t in S} w_t · values_t. A history with fewer than k
    steps keeps them all; of equal scores the later step is retrieved; an empty history gives zeros. Gradients reach the
    scores and values of retrieved steps only. It is the second stage of SIM (Pi et al., CIKM 2020) and TWIN (Chang et
    al., KDD 2023).

    The outputs `weights` (w) and `index` describe the retrieved steps s, in order of time; an index counts from the
    start of its own history.

    Args:
        k: number of steps to retrieve.
    """

    class Out(NamedTuple):
        out: Float[Tensor, "b d"]
        weights: Float[Jagged, "b s"]
        index: Int[Jagged, "b s"]  # type: ignore[assignment]  # hides tuple.index, which nobody calls on it

    looks_up: ClassVar[dict[str, str]] = {"values": "looked_sum"}

    def __init__(self, *, k: Annotated[int, Range(1)], kernel: Kernel = "auto") -> None:
        super().__init__()
        bound = bind("segment_topk", kernel)
        self.topk, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.softmax, self.sum = bind("segment_softmax", kernel).call, bind("segment_sum", kernel).call
        self.k = k

    def forward(self, scores: Float[Jagged, "b t"], values: Float[Jagged, "b t d"]) -> Out:
        retrieved, index = self.topk(scores, self.k)
        weights = self.softmax(retrieved)
        out = self.sum(select(values, index, weights.offsets, weights.max_length), weights)
        return self.Out(out, weights, weights.like(index - scores.offsets[weights.rows]))
