"""Several interests of a history, by dynamic routing."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.jagged import Jagged, first_steps, offsets_of, places
from blockrec.ops import Kernel, bind
from blockrec.registry import block

LEAST = 1e-14
"""Of squared lengths; a capsule of zeros stays one."""


@block("capsules")
class Capsules(nn.Module):
    """Group the steps of a history around at most `k` vectors, its interests, as a sequence of their own.

    A history of n steps has max(1, min(k, log2 n)) capsules, rounded up. With l_t = x_t W, logits r and
    `iterations` rounds: w = softmax_k(scale · r), H_k = Σ_t w_tk l_t, r = w + ⟨H_k, l_t / ‖l_t‖⟩. out_k = H_k of the
    last round, shortened to the length (‖H‖² / (1 + ‖H‖²))^power. Gradients flow through the last sum alone. Li et al.,
    "Multi-Interest Network with Dynamic Routing", CIKM 2019, section 4.3. An empty history has one capsule of zeros.

    Args:
        width: of a capsule.
        k: the most capsules.
        iterations: rounds of routing.
        scale: sharpness of the assignment to capsules.
        power: how much short capsules are shortened.
        first: of the logits: `directions` compares l_t with fixed random ones, so that steps that are alike begin in
            one capsule and a prediction is always the same. `noise` draws them anew in every pass, in evaluation too,
            as TorchEasyRec does. `zeros` makes all capsules of a history alike.
        deviation: of the first logits.
        adaptive: whether short histories have fewer capsules; else all have k.
        max_len: use the first `max_len` steps only (the oldest, where the history is in order of time). The number of
            capsules is that of the whole history.
    """

    directions: Tensor

    def __init__(
        self,
        d: Axis,
        *,
        width: Annotated[int, Range(1)],
        k: Annotated[int, Range(1)] = 5,
        iterations: Annotated[int, Range(1)] = 3,
        scale: float = 20.0,
        power: Annotated[float, Range(0)] = 1.0,
        first: Literal["directions", "noise", "zeros"] = "directions",
        deviation: Annotated[float, Range(0)] = 1.0,
        adaptive: bool = True,
        max_len: Annotated[int, Range(1)] | None = None,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        bound = bind("segment_sum", kernel)
        self.sum, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why
        self.dot = bind("target_dot", kernel).call
        self.bilinear = nn.Parameter(torch.empty(d, width))
        nn.init.normal_(self.bilinear, std=d**-0.5)
        self.k, self.iterations, self.scale, self.power = k, iterations, scale, power
        self.first, self.deviation, self.adaptive, self.max_len = first, deviation, adaptive, max_len
        if first == "directions":
            self.register_buffer("directions", torch.randn(width, k))

    def forward(self, x: Float[Jagged, "b t d"]) -> Float[Jagged, "b k {width}"]:
        lengths = x.lengths
        x = x if self.max_len is None else first_steps(x, self.max_len)[0]
        low = x.like(x.values @ self.bilinear)
        with torch.no_grad():
            active = torch.arange(self.k, device=lengths.device) < self._numbers(lengths)[:, None]
            weights = self._routed(low, active)
        return _active(self._squashed(self._pooled(low, weights)), active)

    def _numbers(self, lengths: Tensor) -> Tensor:
        """[b] of capsules, as a number that need not be whole."""
        most = torch.full_like(lengths, self.k, dtype=torch.float64)
        return lengths.double().log2().clamp(1, self.k) if self.adaptive else most

    def _routed(self, low: Jagged, active: Tensor) -> Tensor:
        """[Σt, k] the share that each capsule has in a step in the last round."""
        unit = low.like(nn.functional.normalize(low.values, dim=-1))
        closed = ~active.index_select(0, low.rows)
        logits = self._first(unit)
        for last in range(self.iterations):
            weights = torch.softmax((self.scale * logits).masked_fill(closed, -torch.inf), dim=1)
            if last < self.iterations - 1:
                high = self._pooled(low, weights)
                near = [self.dot(high[:, k].contiguous(), unit).values for k in range(self.k)]
                logits = weights + torch.stack(near, dim=1)
        return weights

    def _first(self, unit: Jagged) -> Tensor:
        """[Σt, k] logits."""
        if self.first == "directions":
            return self.deviation * (unit.values @ self.directions)
        shape = (unit.values.shape[0], self.k)
        if self.first == "noise":
            return self.deviation * torch.randn(shape, dtype=unit.values.dtype, device=unit.values.device)
        return unit.values.new_zeros(shape)

    def _pooled(self, low: Jagged, weights: Tensor) -> Tensor:
        """[b, k, width] steps summed by their shares."""
        columns = weights.T.contiguous()
        return torch.stack([self.sum(low, low.like(column)) for column in columns], dim=1)

    def _squashed(self, high: Tensor) -> Tensor:
        square = high.square().sum(dim=-1, keepdim=True).clamp(min=LEAST)
        return high * ((square / (1 + square)) ** self.power / square.sqrt())


def _active(capsules: Tensor, active: Tensor) -> Jagged:
    """The capsules [b, k, d] that a sample has, as a sequence."""
    index = places(active.flatten(), active.numel())
    return Jagged(capsules.flatten(0, 1).index_select(0, index), offsets_of(active.sum(dim=1)), active.shape[1])
