"""Attention by collisions of hashes."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize

from blockrec.annotations import Axis, Range
from blockrec.jagged import Jagged
from blockrec.ops import Kernel, bind
from blockrec.registry import block


@block("sdim")
class SDIM(nn.Module):
    """Sum the steps that share a hash with the target, over several hashes: no scores, no softmax, no search.

    out = 1/g Σ_j a_j, a_j = Σ_t [bucket_j(key_t) = bucket_j(query)] key_t, with g hashes of `bits` signs each of random
    projections that are drawn once and kept in the state. Cao et al., "Sampling Is All You Need on Modeling Long-Term
    User Behaviors for CTR Prediction", CIKM 2022. A hash without a collision counts as zeros, an empty history gives
    zeros. Gradients reach the steps that collide; the query has none. The output `collisions` holds the share of
    hashes in which each step collides.

    Args:
        hashes: number of hashes g.
        bits: of each hash.
        norm: l2: divide each a_j by its length, as the paper does; none: leave it, as the code of FuxiCTR does.
    """

    class Out(NamedTuple):
        out: Float[Tensor, "b d"]
        collisions: Float[Jagged, "b t"]

    rotations: Tensor

    def __init__(
        self,
        d: Axis,
        *,
        hashes: Annotated[int, Range(1)] = 2,
        bits: Annotated[int, Range(1, 62)] = 4,
        norm: Literal["l2", "none"] = "l2",
        kernel: Kernel = "auto",
    ) -> None:
        super().__init__()
        self.hashes, self.norm = hashes, norm
        self.register_buffer("rotations", torch.randn(d, hashes, bits))
        bound = bind("segment_sum", kernel)
        self.sum, self.kernel, self.kernel_why = bound.call, bound.kernel, bound.why

    def forward(self, query: Float[Tensor, "b d"], keys: Float[Jagged, "b t d"]) -> Out:
        hit = (self.buckets(keys.values) == self.buckets(query)[keys.rows]).to(keys.values.dtype)
        sums = torch.stack([self.sum(keys, keys.like(x.contiguous())) for x in hit.unbind(1)])
        if self.norm == "l2":
            sums = normalize(sums, dim=-1)
        return self.Out(sums.mean(0), keys.like(hit.mean(1)))

    def buckets(self, x: Tensor) -> Tensor:
        """[n, d] → [n, hashes], whole numbers below 2^bits."""
        signs = torch.einsum("nd,dgb->ngb", x.detach(), self.rotations) > 0
        powers = 2 ** torch.arange(signs.shape[2], device=x.device)
        return (signs * powers).sum(-1)
