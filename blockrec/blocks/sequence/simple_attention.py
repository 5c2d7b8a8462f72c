"""Softmax attention by dot products."""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import AtMost, Axis, Range
from blockrec.blocks.sequence.encoding import over_first, widened
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("simple_attention")
class SimpleAttention(nn.Module):
    """Pool a history by its likeness to the query: w = softmax(scale · ⟨query, key_t⟩), out = Σ_t w_t · value_t.

    Values are the keys unless they are given. With q ≤ d and the query padded with zeros; nothing is learned. It is
    `target_attention` and `attend` in one. An empty history gives zeros. The output `weights` holds w.

    Args:
        scale: factor of the dot products; 1 is TorchEasyRec's.
        max_len: attend to the first `max_len` steps only (the oldest, where the history is in order of time); the
            others get weight 0.
    """

    attention = ("dot",)
    """Parts whose inputs serve attention alone."""

    class Out(NamedTuple):
        out: Float[Tensor, "b {v or d}"]
        weights: Float[Jagged, "b t"]

    looks_up: ClassVar[dict[str, str]] = {"keys": "looked_dot", "values": "looked_sum"}

    def __init__(
        self,
        q: Annotated[Axis, AtMost("d")],
        d: Axis,
        v: Axis | None = None,  # noqa: ARG002 - declares the width of the result
        *,
        scale: float = 1.0,
        max_len: Annotated[int, Range(1)] | None = None,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        if q > d:
            raise ValueError(f"the query is wider ({q}) than the keys ({d})")
        bound = bind("target_dot", kernel)
        self.dot, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.softmax, self.sum = bind("segment_softmax", kernel).call, bind("segment_sum", kernel).call
        self.d, self.scale, self.max_len = d, scale, max_len

    def forward(
        self,
        query: Float[Tensor, "b q"],
        keys: Float[Jagged, "b t d"],
        values: Float[Jagged, "b t v"] | None = None,
    ) -> Out:
        wide = widened(query, self.d) * self.scale
        return self.Out(*over_first(self.max_len, keys, values, partial(self._attended, wide)))

    def _attended(self, query: Tensor, keys: Jagged, values: Jagged) -> tuple[Tensor, Jagged]:
        weights: Jagged = self.softmax(self.dot(query, keys))
        return self.sum(values, weights), weights
