"""Attention of a history to itself, as an encoder."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.annotations import Axis, Range
from blockrec.blocks.sequence.encoding import Heads, first
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("self_attention")
class SelfAttention(nn.Module):
    """Let all steps attend to each other, then take their mean: out = mean_i y_i, y = W_o [head_1 ‖ …].

    head_i = Σ_j softmax_j(⟨W_q key_i, W_k key_j⟩ / √a) W_v value_j with heads of width a (Vaswani et al., "Attention
    Is All You Need", NeurIPS 2017). Without positions, so that the order of the steps makes no difference. An empty
    history gives zeros. Values are the keys unless they are given. The output `steps` holds y. `query` is not read;
    with it the block can stand where another encoder does.

    A softmax does not change when a constant is added to its scores. So the parameter `heads.key.bias` gets no
    gradient. With `inner: true` also `inner.1.bias` gets no gradient.

    Args:
        width: of the result; default: that of the keys.
        heads: number of heads; the width is divided among them, rounded up.
        dropout: probability that an entry of y is set to zero in training.
        max_len: attend to the first `max_len` steps only (the oldest, where the history is in order of time).
        mean_over: the steps that are `kept`, or the length of the whole `history`, as TorchEasyRec divides by.
        inner: a second map after each of W_q, W_k and W_v, as in TorchEasyRec; what the two compute, one can.
    """

    attention = ("heads.query", "heads.key")
    """Parts whose inputs serve attention alone."""

    class Out(NamedTuple):
        out: Float[Tensor, "b {width or d}"]
        steps: Float[Jagged, "b s {width or d}"]

    def __init__(
        self,
        d: Axis,
        v: Axis | None = None,
        *,
        width: Annotated[int, Range(1)] | None = None,
        heads: Annotated[int, Range(1)] = 1,
        dropout: Annotated[float, Range(0, 1)] = 0.0,
        max_len: Annotated[int, Range(1)] | None = None,
        mean_over: Literal["kept", "history"] = "kept",
        inner: bool = False,
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        self.heads = Heads(d, v or d, width or d, heads, kernel)
        inside = self.heads.out.in_features
        maps = [nn.Linear(inside, inside) if inner else nn.Identity() for _ in range(3)]
        self.inner = nn.ModuleList(maps)
        self.dropout = nn.Dropout(dropout)
        self.kernel, self.kernel_why = self.heads.bound.kernel, self.heads.bound.why
        self.sum, self.max_len, self.mean_over = bind("segment_sum", kernel).call, max_len, mean_over

    def forward(
        self,
        keys: Float[Jagged, "b t d"],
        query: Float[Tensor, "b q"] | None = None,  # noqa: ARG002 - where other encoders have one
        values: Float[Jagged, "b t v"] | None = None,
    ) -> Out:
        x = first(keys, self.max_len)
        y = x if values is None else first(values, self.max_len)
        maps = (self.heads.query(x.values), self.heads.key(x.values), self.heads.value(y.values))
        query_, key, value = (inner(z) for inner, z in zip(self.inner, maps, strict=True))
        steps = self.heads.attended(query_, key, value, x)
        steps = x.like(self.dropout(steps.values))
        lengths = (x if self.mean_over == "kept" else keys).lengths.clamp(min=1)
        return self.Out(self.sum(steps) / lengths.unsqueeze(1), steps)
