"""A vector repeated along a sequence."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from blockrec.jagged import Jagged
from blockrec.registry import block


@block("spread")
class Spread(nn.Module):
    """Give every step of a sequence the vector of its sample: out_t = x. The values of `like` do not matter."""

    def forward(self, x: Float[Tensor, "b d"], like: Float[Jagged, "b t e"]) -> Float[Jagged, "b t d"]:
        return like.like(x.index_select(0, like.rows))
