"""Training samples for nodes: what is above the item and what is not, whatever the batch around a sample."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blockrec.data.tree.expand import Expansion
from blockrec.data.tree.leaves import even_tree
from blockrec.data.tree.nodes import nodes_of
from blockrec.data.tree.plan import TreePlan
from blockrec.diagnostics import Source, Span


def expansion(items: int = 20, branching: int = 3, negatives: tuple[int, ...] = (2, 3), **more: Any) -> Expansion:
    tree = even_tree(np.random.default_rng(0).permutation(items), branching)
    rows = np.arange(items) + 1
    nodes = nodes_of("item", tree, rows, items + 1, {"item": rows}, np.arange(items) ** 2)
    plan = TreePlan(("item",), "click", branching, None, None, negatives, "uniform", 1.0, "uniform", _NOWHERE)
    return Expansion(nodes, replace(plan, **more))


_NOWHERE = Span(Source("x", ""), 0, 0, 1)


@pytest.mark.parametrize("branching", [2, 3, 5])
@pytest.mark.parametrize("draw", ["uniform", "popularity"])
def test_each_level_has_the_node_above_and_others_beside(branching: int, draw: str) -> None:
    found = expansion(30, branching, (0, 1, 4), draw=draw)
    tree, items, samples = found.nodes.tree, np.arange(30), np.arange(30) + 7
    owner, nodes, labels = found.rows(samples, items, (1, 2))
    for place in range(30):
        mine = owner == place
        for level in range(1, tree.depth + 1):
            above = tree.above(items[[place]], level)[0]
            here = mine & (nodes >= tree.starts[level]) & (nodes < tree.starts[level + 1])
            assert nodes[here & (labels == 1)].tolist() == [above]
            assert above not in nodes[here & (labels == 0)]
            assert (here & (labels == 0)).sum() == (0, 1, 4)[min(level, 3) - 1]
    assert len(owner) == 30 * found.repeated


def test_a_sample_has_the_same_nodes_in_every_batch() -> None:
    found = expansion(share=0.5)
    samples, items = np.arange(100), np.arange(100) % 20

    def of(part: slice, epoch: int = 0) -> set[tuple[int, ...]]:
        owner, nodes, labels = found.rows(samples[part], items[part], (3, epoch))
        return {*zip(samples[part][owner].tolist(), nodes.tolist(), labels.tolist(), strict=True)}

    assert of(slice(0, 40)) | of(slice(40, 100)) == of(slice(None, None, -1))
    assert of(slice(None)) != of(slice(None), epoch=1)


@pytest.mark.parametrize("draw", ["uniform", "popularity"])
def test_negatives_are_drawn_by_their_weights_without_the_own_node(draw: str) -> None:
    found = expansion(9, 3, (1,), draw=draw)
    samples = np.arange(90_000)
    _, nodes, labels = found.rows(samples, np.zeros_like(samples), (0, 0))
    tree = found.nodes.tree
    for level in (1, 2):
        own = tree.above(np.array([0]), level)[0]
        here = (labels == 0) & (nodes >= tree.starts[level]) & (nodes < tree.starts[level + 1])
        shares = np.bincount(nodes[here], minlength=len(tree)) / here.sum()
        weights = (found.nodes.weights if draw == "popularity" else np.ones(len(tree))).astype(float)
        weights[[own, *(n for n in range(len(tree)) if n not in tree.numbers(level))]] = 0
        assert abs(shares - weights / weights.sum()).max() < 4 * 0.5 / np.sqrt(90_000)


@pytest.mark.parametrize("favour", ["uniform", "arithmetic", "reciprocal"])
def test_levels_are_kept_by_their_odds(favour: str) -> None:
    found = expansion(60, 2, (0,), share=0.2, favour=favour)
    inner = found.nodes.tree.depth - 1
    assert inner == 5
    kept = found.levels(np.arange(60_000), (0, 0))
    assert kept[:, inner].all() and (kept[:, :inner].sum(axis=1) == 1).all()
    level = np.arange(1, inner + 1)
    odds = {"uniform": np.ones(inner), "arithmetic": level, "reciprocal": 1 / (inner + 1 - level)}[favour]
    assert abs(kept[:, :inner].mean(axis=0) - odds / odds.sum()).max() < 4 * 0.5 / np.sqrt(60_000)


def test_a_tree_of_one_item_has_nothing_beside_it() -> None:
    owner, nodes, labels = expansion(1).rows(np.array([5]), np.array([0]), (0, 0))
    assert owner.tolist() == [0] and nodes.tolist() == [0] and labels.tolist() == [1]
