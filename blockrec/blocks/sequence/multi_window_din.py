"""Target attention in windows of growing age."""

from __future__ import annotations

from itertools import accumulate
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import AtMost, Axis, Range
from blockrec.blocks.activations import Activation
from blockrec.blocks.sequence.encoding import widened
from blockrec.blocks.tower.mlp import MLP, Layer, Norm
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("multi_window_din")
class MultiWindowDIN(nn.Module):
    """Pool each of several windows of a history by learned scores: out = [r_1 ‖ r_2 ‖ … ‖ query].

    score_t = PReLU(Linear(MLP([key_t ‖ query ⊙ key_t ‖ query]))), with q ≤ d and the query padded with zeros,
    r_k = Σ score_t · value_t over the steps t of window k, divided by their number: no softmax. Values are the keys
    unless they are given. Windows lie side by side from the newest step on; steps beyond the last one are not read.
    TorchEasyRec's encoder for several time scales. An empty window gives zeros, so an empty history does not give zeros
    but the query behind them.

    Args:
        windows: their lengths in steps.
        begin: where the first window is, at the `newest` step or the `oldest`; TorchEasyRec counts from the first step
            of a list, which is the oldest one here.
        hidden: widths of the scoring network.
        activation: after each of its layers.
        norm: before each activation; its statistics are over all steps.
    """

    attention = ("_scores",)
    """Parts whose inputs serve attention alone."""

    ends: Tensor

    def __init__(
        self,
        q: Annotated[Axis, AtMost("d")],
        d: Axis,
        v: Axis | None = None,
        *,
        windows: list[Annotated[int, Range(1)]] = [1, 5, 20],
        begin: Literal["newest", "oldest"] = "newest",
        hidden: list[Annotated[int, Range(1)]] = [64, 32],
        activation: Activation = "relu",
        norm: Norm = "none",
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        if q > d:
            raise ValueError(f"the query is wider ({q}) than the keys ({d})")
        if not hidden or not windows:
            raise ValueError("`hidden` and `windows` need at least one number each")
        bound = bind("target_linear", kernel)
        self.first, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.sum = bind("segment_sum", kernel).call
        self.score = nn.Sequential(nn.Linear(hidden[-1], 1), nn.PReLU())
        self.mlp = MLP(3 * d, hidden=hidden, activation=activation, norm=norm)
        self.register_buffer("ends", torch.tensor([*accumulate(windows)]), persistent=False)
        self.d, self.v, self.longest, self.backwards = d, v or d, max(windows), begin == "newest"

    def forward(
        self,
        query: Float[Tensor, "b q"],
        keys: Float[Jagged, "b t d"],
        values: Float[Jagged, "b t v"] | None = None,
    ) -> Float[Tensor, "b {len(windows) * (v or d) + d}"]:
        windows, scores = self._windows(keys if values is None else values), self._scores(query, keys)
        shape = keys.batch, self.ends.shape[0] + 1
        sums = self.sum(windows, windows.like(scores.values)).view(*shape, self.v)
        means = sums / windows.lengths.view(*shape, 1).clamp(min=1)
        means = means.flip(1)[:, :-1] if self.backwards else means[:, :-1]
        return torch.cat([means.flatten(1), widened(query, self.d)], dim=1)

    def _windows(self, values: Jagged) -> Jagged:
        """Each window as a sample of its own, the steps beyond them as one more; in the order of the steps."""
        read = torch.minimum(self.ends, values.lengths.unsqueeze(1))
        if self.backwards:
            starts = (values.offsets[1:].unsqueeze(1) - read).flip(1)
            ends = torch.cat([starts, values.offsets[1:].unsqueeze(1)], dim=1).flatten()
        else:
            ends = read + values.offsets[:-1].unsqueeze(1)
            ends = torch.cat([ends, values.offsets[1:].unsqueeze(1)], dim=1).flatten()
        return Jagged(values.values, torch.cat([values.offsets[:1], ends]), max(self.longest, values.max_length))

    def _scores(self, query: Tensor, keys: Jagged) -> Jagged:
        layer, *others = self.mlp.layers
        assert isinstance(layer, Layer)
        of_key, of_product, of_query = layer.linear.weight.chunk(3, dim=1)
        weight = torch.cat([of_query, of_key, torch.zeros_like(of_key), of_product], dim=1)
        steps = layer.finish(self.first(query, keys, weight, layer.linear.bias).values)
        for other in others:
            steps = other(steps)
        return keys.like(self.score(steps).squeeze(-1))
