"""A layer of a transformer."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.blocks.activations import Activation, activation
from blockrec.blocks.sequence.encoding import Heads
from blockrec.jagged import Jagged
from blockrec.ops import Kernel
from blockrec.registry import block


@block("transformer")
class Transformer(nn.Module):
    """Let all steps attend to each other, then change each by a small network: a post-norm layer.

    s = LN(x + drop(MHA(x))), out = LN(s + drop(W₂ activation(W₁ s))). Vaswani et al., "Attention Is All You Need",
    NeurIPS 2017. `repeat: 2` makes two of them. It knows no positions; with `causal` a step sees itself and those
    before it.

    A softmax does not change when a constant is added to its scores, so the parameter `heads.key.bias` gets no
    gradient.

    Args:
        heads: number of heads; the width is divided among them, rounded up.
        feed_forward: width of the small network; default: that of the steps.
        activation: inside of it.
        dropout: probability that an entry of what is added is set to zero in training.
        causal: attend to no later step.
    """

    def __init__(
        self,
        d: Axis,
        *,
        heads: Annotated[int, Range(1)] = 1,
        feed_forward: Annotated[int, Range(1)] | None = None,
        activation: Activation = "leaky_relu",
        dropout: Annotated[float, Range(0, 1)] = 0.0,
        causal: bool = False,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        self.heads = Heads(d, d, d, heads, kernel)
        self.network = network(d, feed_forward or d, activation)
        self.norms = nn.ModuleList(nn.LayerNorm(d) for _ in range(2))
        self.dropout, self.causal = nn.Dropout(dropout), causal
        self.kernel, self.kernel_why = self.heads.bound.kernel, self.heads.bound.why

    def forward(self, x: Float[Jagged, "b t d"]) -> Float[Jagged, "b t d"]:
        attended = self._added(0, x.values, self.heads(x, x, self.causal).values)
        return x.like(self._added(1, attended, self.network(attended)))

    def _added(self, place: int, x: Tensor, change: Tensor) -> Tensor:
        out: Tensor = self.norms[place](x + self.dropout(change))
        return out


def network(d: int, width: int, chosen: Activation) -> nn.Sequential:
    """Two linear maps with an activation between them."""
    return nn.Sequential(nn.Linear(d, width), activation(chosen, width), nn.Linear(width, d))
