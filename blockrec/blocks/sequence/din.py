"""Deep Interest Network: target attention by a small network."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import AtMost, Axis, Range
from blockrec.blocks.activations import Activation
from blockrec.blocks.sequence.encoding import over_first
from blockrec.blocks.sequence.target_score import TargetScore
from blockrec.blocks.tower.mlp import Norm
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("din")
class DIN(nn.Module):
    """Target attention: each behaviour is weighed by its relevance to the query.

    score_t = Linear(MLP([query ‖ key_t ‖ query − key_t ‖ query ⊙ key_t])), w = softmax(score), out = Σ_t w_t · value_t,
    with q ≤ d and the query padded with zeros; values are the keys unless they are given. An empty history gives zeros.
    Zhou et al., "Deep Interest Network for Click-Through Rate Prediction", KDD 2018, eq. 3. The output `weights`
    holds w.

    A softmax does not change when a constant is added to its scores. So with `normalize: softmax` the parameter
    `score.out.bias` gets no gradient. With `normalize: softmax` and `activation: none`, a network that is linear, also
    `score.mlp.layers.*.linear.bias` gets no gradient.

    Args:
        hidden: widths of the scoring network.
        activation: after each of its layers; the paper's is `dice`.
        norm: before each activation; its statistics are over all steps.
        normalize: softmax over the behaviours, or none (a long, focused history then yields a longer vector).
        max_len: attend to the first `max_len` steps only (the oldest, where the history is in order of time); the
            others get weight 0.
    """

    attention = ("score",)
    """Parts whose inputs serve attention alone."""

    class Out(NamedTuple):
        out: Float[Tensor, "b {v or d}"]
        weights: Float[Jagged, "b t"]

    def __init__(
        self,
        q: Annotated[Axis, AtMost("d")],
        d: Axis,
        v: Axis | None = None,  # noqa: ARG002 - declares the width of the result
        *,
        hidden: list[Annotated[int, Range(1)]] = [64, 32],
        activation: Activation = "relu",
        norm: Norm = "none",
        normalize: Literal["softmax", "none"] = "softmax",
        max_len: Annotated[int, Range(1)] | None = None,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        self.score = TargetScore(q, d, hidden, activation, norm, kernel)
        self.kernel, self.kernel_why = self.score.bound.kernel, self.score.bound.why
        self.softmax = bind("segment_softmax", kernel).call if normalize == "softmax" else None
        self.sum = bind("segment_sum", kernel).call
        self.max_len = max_len

    def forward(
        self,
        query: Float[Tensor, "b q"],
        keys: Float[Jagged, "b t d"],
        values: Float[Jagged, "b t v"] | None = None,
    ) -> Out:
        return self.Out(*over_first(self.max_len, keys, values, partial(self._attended, query)))

    def _attended(self, query: Tensor, keys: Jagged, values: Jagged) -> tuple[Tensor, Jagged]:
        scores: Jagged = self.score(query, keys)
        weights = scores if self.softmax is None else self.softmax(scores)
        return self.sum(values, weights), weights
