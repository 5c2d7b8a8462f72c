"""Behavior Sequence Transformer: a history and the target as one sequence."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, NamedTuple, cast

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import AtMost, Axis, Range
from blockrec.blocks.activations import Activation
from blockrec.blocks.sequence.append import appended
from blockrec.blocks.sequence.encoding import last, widened
from blockrec.blocks.sequence.places import Count, Places, Position
from blockrec.blocks.sequence.transformer import Transformer
from blockrec.jagged import Jagged, padded
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("bst")
class BST(nn.Module):
    """Encode a history by transformer layers: out = pooled(steps), steps = layers(position([key_1, …, key_T, query])).

    Chen et al., "Behavior Sequence Transformer for E-commerce Recommendation in Alibaba", DLP-KDD 2019. Its parameters
    cover the published designs, see `model_zoo/bst.yaml`. With q ≤ d and the query padded with zeros. The output
    `steps` holds those of the last layer. With `target: appended` an empty history does not give zeros: the target
    attends to itself.

    A softmax does not change when a constant is added to its scores, so the parameter `layers.*.heads.key.bias` gets
    no gradient.

    Args:
        layers: number of `transformer` layers.
        heads: of each layer; the width is divided among them, rounded up.
        feed_forward: width of the network in each layer; default: that of the steps.
        activation: inside of these networks.
        dropout: probability that an entry of what a layer adds is set to zero in training.
        causal: attend to no later step.
        position: a vector for each place: fixed sinusoids, learned ones that begin as those, or none.
        beside: width of these vectors where they stand beside each step; 0: they are added to it.
        count: count positions from the end, so that equal ones are equally old, or from the start, as published code.
        max_len: number of positions, and of steps that are read: the newest, or with `count: start` the first.
        target: appended to the history as its last step, or apart from it.
        pooling: the last step, which is the appended target; the mean or sum of all steps; their sum by the softmax of
            the dot products with the query (dot); or all steps side by side, at their positions (concat).
    """

    class Out(NamedTuple):
        out: Float[Tensor, "b {(d + beside) * (1 if pooling != 'concat' else max_len + (target == 'appended'))}"]
        steps: Float[Jagged, "b s {d + beside}"]

    def __init__(
        self,
        q: Annotated[Axis, AtMost("d")],
        d: Axis,
        *,
        layers: Annotated[int, Range(1)] = 1,
        heads: Annotated[int, Range(1)] = 1,
        feed_forward: Annotated[int, Range(1)] | None = None,
        activation: Activation = "leaky_relu",
        dropout: Annotated[float, Range(0, 1)] = 0.0,
        causal: bool = False,
        position: Position = "learned",
        beside: Annotated[int, Range(0)] = 0,
        count: Count = "end",
        max_len: Annotated[int, Range(1)] = 256,
        target: Literal["appended", "apart"] = "appended",
        pooling: Literal["target", "mean", "sum", "dot", "concat"] = "target",
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        if q > d:
            raise ValueError(f"the query is wider ({q}) than the keys ({d})")
        if beside and position == "none":
            raise ValueError("`beside` needs a `position`")
        self.d, self.width, self.pooling = d, d + beside, pooling
        self.places = Places(position, count, max_len, d, beside, appended=target == "appended")
        layer = partial(
            Transformer,
            self.width,
            heads=heads,
            feed_forward=feed_forward,
            activation=activation,
            dropout=dropout,
            causal=causal,
            kernel=kernel,
        )
        made = [layer() for _ in range(layers)]
        self.layers = nn.Sequential(*made)
        self.kernel, self.kernel_why = made[0].kernel, made[0].kernel_why
        self.pool = bind("segment_mean" if pooling == "mean" else "segment_sum", kernel).call
        self.dot, self.softmax = bind("target_dot", kernel).call, bind("segment_softmax", kernel).call

    def forward(self, query: Float[Tensor, "b q"], keys: Float[Jagged, "b t d"]) -> Out:
        kept = self.places.kept(keys)
        whole = appended(kept, widened(query, self.d)) if self.places.appended else kept
        placed, place = self.places(whole)
        steps: Jagged = self.layers(placed)
        return self.Out(self._pooled(query, steps, place), steps)

    def _pooled(self, query: Tensor, steps: Jagged, place: Tensor) -> Tensor:
        if self.pooling == "target":
            return last(steps)
        if self.pooling == "concat":
            return padded(steps, self.places.most + self.places.appended, place).flatten(1)
        if self.pooling != "dot":
            return cast(Tensor, self.pool(steps))
        return cast(Tensor, self.pool(steps, self.softmax(self.dot(widened(query, self.width), steps))))
