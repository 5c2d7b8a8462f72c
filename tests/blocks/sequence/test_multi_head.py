"""Attention with several heads, and SDIM, against their formulas for one history at a time."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from blockrec.blocks.sequence.multi_head_target_attention import MultiHeadTargetAttention
from blockrec.blocks.sequence.sdim import SDIM
from blockrec.jagged import Jagged, offsets_of

LENGTHS, HEADS, WIDTH = [5, 0, 1, 9], 3, 4


def history(d: int) -> Jagged:
    values = torch.randn(sum(LENGTHS), d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return Jagged(values, offsets_of(torch.tensor(LENGTHS)), max(LENGTHS))


@pytest.mark.parametrize("k", [None, 1, 4, 100])
@pytest.mark.parametrize("scale", [True, False])
def test_heads_attend_to_projected_steps(k: int | None, scale: bool) -> None:
    torch.manual_seed(0)
    block = MultiHeadTargetAttention(6, 5, heads=HEADS, head_width=WIDTH, scale=scale, k=k).double()
    query, keys = torch.randn(len(LENGTHS), 6, dtype=torch.float64), history(5)
    out, weights, scores = block(query, keys)
    factor = WIDTH**-0.5 if scale else 1.0
    for i, x in enumerate(keys.values.split(LENGTHS)):
        projected = [m.weight.view(HEADS, WIDTH, -1) for m in (block.query, block.key, block.value)]
        heads = [attended(query[i], x, [p[n] for p in projected], factor, k) for n in range(HEADS)]
        torch.testing.assert_close(out[i], block.out(torch.cat([h[0] for h in heads])))
        own = [y.values[int(keys.offsets[i]) : int(keys.offsets[i + 1])] for y in (weights, scores)]
        for n, (_, w, s) in enumerate(heads):
            torch.testing.assert_close(own[0][:, n], w)
            torch.testing.assert_close(own[1][:, n], s)


def attended(
    query: Tensor, x: Tensor, maps: list[Tensor], factor: float, k: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    scores = (x @ maps[1].T) @ (maps[0] @ query) * factor
    best = scores.topk(min(len(x), k or len(x))).indices
    weights = torch.zeros_like(scores).index_put((best,), torch.softmax(scores[best], 0))
    return weights @ (x @ maps[2].T), weights, scores


@pytest.mark.parametrize("norm", ["l2", "none"])
def test_sdim_sums_the_steps_that_collide(norm: str) -> None:
    torch.manual_seed(1)
    block = SDIM(5, hashes=4, bits=2, norm=norm).double()  # type: ignore[arg-type]
    query, keys = torch.randn(len(LENGTHS), 5, dtype=torch.float64), history(5)
    out, collisions = block(query, keys)
    for i, x in enumerate(keys.values.split(LENGTHS)):
        hits = block.buckets(x) == block.buckets(query[i : i + 1])
        sums = torch.stack([x[hits[:, j]].sum(0) for j in range(4)])
        torch.testing.assert_close(out[i], (normalize(sums, dim=1) if norm == "l2" else sums).mean(0))
        torch.testing.assert_close(
            collisions.values[int(keys.offsets[i]) : int(keys.offsets[i + 1])], hits.double().mean(1)
        )


def test_all_steps_in_the_direction_of_the_query_collide() -> None:
    block, query = SDIM(5, norm="none"), torch.randn(1, 5)
    keys = Jagged(query * torch.tensor([[0.5], [2.0], [3.0]]), torch.tensor([0, 3]), 3)
    torch.testing.assert_close(block(query, keys).out, 5.5 * query)
