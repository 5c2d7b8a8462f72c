"""Vectors of groups of steps."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import nn

from blockrec.jagged import Jagged
from blockrec.registry import block


@block("cluster_mean")
class ClusterMean(nn.Module):
    """The mean of the steps of each group: out_c = Σ_{t: index_t = c} x_t / size_c.

    `index` and `like` are the outputs of `cluster`; of `like` only the groups matter, not the values.
    """

    def forward(
        self, x: Float[Jagged, "b t d"], index: Int[Jagged, "b t"], like: Float[Jagged, "b c"]
    ) -> Float[Jagged, "b c d"]:
        group = index.values + like.offsets[x.rows]
        sizes = x.values.new_zeros(like.values.shape[0]).index_add(0, group, x.values.new_ones(group.shape[0]))
        sums = x.values.new_zeros(like.values.shape[0], x.values.shape[1]).index_add(0, group, x.values)
        return like.like(sums / sizes.clamp(min=1).unsqueeze(-1))
