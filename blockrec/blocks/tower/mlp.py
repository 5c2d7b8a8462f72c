"""A network of fully connected layers."""

from __future__ import annotations

from typing import Annotated, Literal

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.blocks.activations import Activation, activation
from blockrec.blocks.normalization.batch_norm import BatchNorm
from blockrec.registry import block

Norm = Literal["none", "batch", "layer"]


class Layer(nn.Module):
    """Linear → norm → activation → dropout. No bias before a batch norm, which would take it away."""

    def __init__(self, d: int, out: int, activation_: Activation, *, norm: Norm, bias: bool, dropout: float) -> None:
        super().__init__()
        self.linear = nn.Linear(d, out, bias=bias and norm != "batch")
        self.norm = {"none": nn.Identity, "batch": BatchNorm, "layer": nn.LayerNorm}[norm](out)
        self.activation = activation(activation_, out)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.linear(x))

    def finish(self, z: Tensor) -> Tensor:
        """What comes after the linear map."""
        out: Tensor = self.dropout(self.activation(self.norm(z)))
        return out


@block("mlp")
class MLP(nn.Module):
    """Fully connected layers, each Linear → norm → activation → dropout, the last one too.

    A batch norm takes its statistics over all rows (of a sequence: all steps); the linear map before it has no bias.

    Args:
        hidden: widths of the layers; the last one is the width of the result.
        activation: after each layer; `prelu` learns one slope a layer, `dice` one a channel.
        norm: before each activation.
        bias: add learned biases.
        dropout: probability that an entry is set to zero in training; a list has one for each layer.
    """

    def __init__(
        self,
        d: Axis,
        *,
        hidden: list[Annotated[int, Range(1)]],
        activation: Activation = "relu",
        norm: Norm = "none",
        bias: bool = True,
        dropout: Annotated[float, Range(0, 1)] | list[Annotated[float, Range(0, 1)]] = 0.0,
    ) -> None:
        super().__init__()
        drops = dropout if isinstance(dropout, list) else [dropout] * len(hidden)
        if len(drops) != len(hidden):
            raise ValueError(f"`dropout` has {len(drops)} values for {len(hidden)} layers")
        sizes = zip([d, *hidden], hidden, drops)  # noqa: B905 - the widths include the input's
        self.layers = nn.Sequential(*(Layer(i, o, activation, norm=norm, bias=bias, dropout=p) for i, o, p in sizes))

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... {hidden[-1]}"]:
        out: Tensor = self.layers(x)
        return out
