"""The first HSTU encoder of TorchEasyRec."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import layer_norm, normalize, silu

from blockrec.annotations import Axis, Range
from blockrec.blocks.sequence.encoding import by_head, last
from blockrec.jagged import Jagged, steps_of
from blockrec.ops import Kernel, bind
from blockrec.registry import block

EPSILON = 1e-6


class HSTULayer(nn.Module):
    """x + W_o drop(U ⊙ LN(Σ_{j ≤ i} silu(⟨Q_i, K_j⟩) / n · V_j)), [U ‖ V ‖ Q ‖ K] = silu(W LN(x))."""

    def __init__(self, d: int, heads: int, key: int, value: int, divisor: int, dropout: float, kernel: Kernel) -> None:
        super().__init__()
        self.sizes = [heads * value, heads * value, heads * key, heads * key]
        self.project, self.out = nn.Linear(d, sum(self.sizes), bias=False), nn.Linear(heads * value, d)
        self.heads, self.divisor, self.dropout = heads, divisor, nn.Dropout(dropout)
        self.bound = bind("segment_attention", kernel)

    def forward(self, x: Jagged) -> Jagged:
        gate, *parts = torch.split(silu(self.project(normed(x.values))), self.sizes, dim=1)
        value, query, key = (x.like(by_head(part, self.heads)) for part in parts)
        attended = self.bound.call(query, key, value, True, False, 1.0).values.flatten(1) / self.divisor
        return x.like(x.values + self.out(self.dropout(gate * normed(attended))))


def normed(x: Tensor) -> Tensor:
    """Mean 0 and variance 1 in each row."""
    return layer_norm(x, x.shape[1:], eps=EPSILON)


@block("hstu_encoder")
class HSTUEncoder(nn.Module):
    """Encode a history by causal attention without a softmax: out = its last step, of length 1.

    x_t = √d · key_t + position_t, then layers x + W_o drop(U ⊙ LN(Σ_{j ≤ i} silu(⟨Q_i, K_j⟩) / n · V_j)) with
    [U ‖ V ‖ Q ‖ K] = silu(W LN(x)) and n positions. After Zhai et al., "Actions Speak Louder than Words: Trillion-
    Parameter Sequential Transducers for Generative Recommendations", ICML 2024, without their biases of relative time,
    as TorchEasyRec had it until 2026. An empty history gives zeros. The output `steps` holds all steps, each of length
    1 and independent of later ones. `query` is not read; with it the block can stand where another encoder does.

    Args:
        layers: number of layers.
        heads: of each layer.
        key_width: of the queries and keys of a head.
        value_width: of the values of a head.
        positions: rows of the table of positions, counted from the first step, and the divisor n of all scores; later
            steps share the last row.
        position_dropout: probability that an entry of x is set to zero in training.
        dropout: probability that an entry of what W_o takes is set to zero in training.
    """

    class Out(NamedTuple):
        out: Float[Tensor, "b d"]
        steps: Float[Jagged, "b s d"]

    def __init__(
        self,
        d: Axis,
        *,
        layers: Annotated[int, Range(1)] = 2,
        heads: Annotated[int, Range(1)] = 2,
        key_width: Annotated[int, Range(1)] = 16,
        value_width: Annotated[int, Range(1)] = 16,
        positions: Annotated[int, Range(1)] = 256,
        position_dropout: Annotated[float, Range(0, 1)] = 0.0,
        dropout: Annotated[float, Range(0, 1)] = 0.0,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        self.position, self.position_dropout = nn.Embedding(positions, d), nn.Dropout(position_dropout)
        made = [HSTULayer(d, heads, key_width, value_width, positions, dropout, kernel) for _ in range(layers)]
        self.layers = nn.Sequential(*made)
        self.kernel, self.kernel_why = made[0].bound.kernel, made[0].bound.why
        self.scale = d**0.5

    def forward(
        self,
        keys: Float[Jagged, "b t d"],
        query: Float[Tensor, "b q"] | None = None,  # noqa: ARG002 - where other encoders have one
    ) -> Out:
        place = steps_of(keys).clamp(max=self.position.num_embeddings - 1)
        placed = self.position_dropout(self.scale * keys.values + self.position(place))
        encoded: Jagged = self.layers(keys.like(placed))
        steps = encoded.like(normalize(encoded.values, dim=-1, eps=EPSILON))
        return self.Out(last(steps), steps)
