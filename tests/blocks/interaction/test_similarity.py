"""How near two vectors are."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from blockrec.blocks.interaction.best_similarity import BestSimilarity
from blockrec.blocks.interaction.similarity import Similarity
from blockrec.jagged import Jagged, offsets_of
from blockrec.ops.nearness import Nearness

KINDS: list[Nearness] = ["dot", "cosine", "euclid"]


def vectors(rows: int, seed: int) -> Tensor:
    return torch.randn(rows, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_a_dot_product_over_the_temperature() -> None:
    query, item = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    wanted = torch.stack([q @ i for q, i in zip(query, item, strict=True)])[:, None] / 0.2
    torch.testing.assert_close(Similarity(temperature=0.2)(query, item), wanted)


def test_a_cosine_does_not_change_with_lengths() -> None:
    query, item = torch.randn(5, 3, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    cosine = Similarity(similarity="cosine")
    torch.testing.assert_close(cosine(query, item), cosine(7 * query, 0.1 * item))
    torch.testing.assert_close(cosine(query, query), torch.ones(5, 1, dtype=torch.float64))
    assert torch.isfinite(cosine(torch.zeros(5, 3), torch.zeros(5, 3))).all()


def test_a_distance_is_real() -> None:
    query, item = vectors(5, 1), vectors(5, 2)
    euclid = Similarity(similarity="euclid", temperature=0.5)
    torch.testing.assert_close(euclid(query, item)[:, 0], -((query - item).norm(dim=1) ** 2) / 0.5)
    assert euclid(query, query).eq(0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_all_scores_are_those_of_pairs(kind: Nearness) -> None:
    query, items = vectors(4, 1), vectors(6, 2)
    score = Similarity(similarity=kind, temperature=0.3)
    pairs = torch.stack([score(query, item.expand_as(query))[:, 0] for item in items], dim=1)
    torch.testing.assert_close(score.of_all(query, items), pairs)


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_of_several_queries_counts(kind: Nearness) -> None:
    lengths = torch.tensor([2, 0, 1, 3])
    query = Jagged(vectors(6, 1), offsets_of(lengths), 3)
    items, one = vectors(5, 2), Similarity(similarity=kind, temperature=0.3)
    best = BestSimilarity(similarity=kind, temperature=0.3)
    found = best.of_all(query, items)
    for row, part in enumerate(query.values.split(lengths.tolist())):
        wanted = one.of_all(part, items).amax(dim=0) if len(part) else torch.zeros(5, dtype=torch.float64)
        torch.testing.assert_close(found[row], wanted)
    for column, item in enumerate(items):
        torch.testing.assert_close(best(query, item.expand(4, 3))[:, 0], found[:, column])
