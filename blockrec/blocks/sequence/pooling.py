"""The mean or the sum of a history, as an encoder."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Range
from blockrec.blocks.sequence.encoding import first
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("pooling")
class Pooling(nn.Module):
    """Mean or sum of the steps of each sample: out = Σ_t key_t, divided by their number; zeros for an empty history.

    It has the ports of the encoders that look at a query, so that it can stand where they do; its own is not read.

    Args:
        by: mean, or sum.
        max_len: pool the first `max_len` steps only (the oldest, where the history is in order of time).
    """

    looks_up: ClassVar[dict[str, str]] = {"keys": "looked_sum"}

    def __init__(
        self,
        *,
        by: Literal["mean", "sum"] = "mean",
        max_len: Annotated[int, Range(1)] | None = None,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        bound = bind(f"segment_{by}", kernel)
        self.pool, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.max_len = max_len

    def forward(
        self,
        keys: Float[Jagged, "b t d"],
        query: Float[Tensor, "b q"] | None = None,  # noqa: ARG002 - where other encoders have one
    ) -> Float[Tensor, "b d"]:
        out: Tensor = self.pool(first(keys, self.max_len))
        return out
