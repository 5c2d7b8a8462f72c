"""The choice of the best steps of a history."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from jaxtyping import Float, Int, Num
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.blocks.search.steps import kept_steps
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("topk")
class TopK(nn.Module):
    """Choose the k steps of highest score: out = the places of S, S = the k best steps, in order of time.

    A history with fewer than k steps keeps them all; of equal scores the later step is chosen; an empty history has
    none. `take` reads vectors at these places, which count from the start of each history. The choice has no gradient;
    the output `scores`, those of the chosen steps, has one.

    Args:
        k: number of steps to choose.
        mask_retrieved: steps whose `valid` is 0 are never chosen; false: they are if a history has fewer than k others,
            as the DARE paper's code does with padding.
    """

    class Out(NamedTuple):
        out: Int[Jagged, "b s"]
        scores: Float[Jagged, "b s"]

    def __init__(self, *, k: Annotated[int, Range(1)], mask_retrieved: bool = True, kernel: Kernel = "auto") -> None:
        super().__init__()
        bound = bind("segment_topk", kernel)
        self.topk, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.k, self.mask_retrieved = k, mask_retrieved

    def forward(self, scores: Float[Jagged, "b t"], valid: Num[Jagged, "b t"] | None = None) -> Out:
        found, index = self._best(scores, None if valid is None else valid.values != 0)
        places = index - scores.offsets[found.rows]
        return self.Out(found.like(places), found.like(scores.values.index_select(0, index)))

    def _best(self, scores: Jagged, valid: Tensor | None) -> tuple[Jagged, Tensor]:
        """The frame of the chosen steps, and their index into the flat steps."""
        found: Jagged
        if valid is not None and self.mask_retrieved:
            kept, among = kept_steps(scores, valid)
            found, index = self.topk(kept, self.k)
            return found, among[index]
        lowest = scores if valid is None else scores.like(scores.values.masked_fill(~valid, float("-inf")))
        found, index = self.topk(lowest, self.k)
        return found, index
