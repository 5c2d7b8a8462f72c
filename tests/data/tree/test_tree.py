"""Trees of any branching factor: every item has one leaf, all leaves are on one level, subtrees are alike in size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.tree.leaves import even_tree, level_places, sorted_tree
from blockrec.data.tree.nodes import Nodes, nodes_of
from blockrec.data.tree.tree import Tree, depth_of

BRANCHING, ITEMS = st.integers(2, 7), st.integers(1, 200)


@pytest.mark.parametrize("branching", range(2, 12))
@pytest.mark.parametrize("power", range(1, 6))
def test_depth_is_exact_at_powers(branching: int, power: int) -> None:
    """Logarithms are not: ⌈log(125, 5)⌉ is 4 in floating point."""
    room = branching**power
    assert depth_of(room, branching) == power
    assert depth_of(room + 1, branching) == power + 1


@given(BRANCHING, ITEMS)
@settings(max_examples=60, deadline=None)
def test_items_are_spread_evenly(branching: int, items: int) -> None:
    tree = even_tree(np.random.default_rng(items).permutation(items), branching)
    assert len(np.unique(tree.places)) == items
    assert tree.places.min() >= 0 and tree.places.max() < branching**tree.depth
    for level in range(1, tree.depth + 1):
        sizes = np.bincount(tree.above(np.arange(items), level) - tree.starts[level])
        assert len(sizes) == len(tree.levels[level]) == min(items, branching**level)
        assert sizes.min() >= 1 and sizes.max() - sizes.min() <= 1
    assert len(tree) == sum(len(level) for level in tree.levels[1:])
    assert (np.bincount(tree.above(np.arange(items), tree.depth) - tree.inner) == 1).all()


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Of any shape: leaves anywhere on the lowest level."""
    branching, depth = draw(BRANCHING), draw(st.integers(1, 4))
    places = draw(st.sets(st.integers(0, branching**depth - 1), min_size=1, max_size=30))
    return Tree(branching, depth, np.random.default_rng(0).permutation(np.array(sorted(places))))


@given(trees())
@settings(max_examples=60, deadline=None)
def test_children_are_what_is_above_their_items(tree: Tree) -> None:
    every = np.arange(len(tree.places))
    for level in range(1, tree.depth):
        nodes = np.array(tree.numbers(level))
        owner, children = tree.children(level, nodes)
        assert sorted(children) == [*tree.numbers(level + 1)]
        assert np.bincount(owner).max() <= tree.branching and np.bincount(owner, minlength=len(nodes)).min() >= 1
        above = dict(zip(children.tolist(), nodes[owner].tolist(), strict=True))
        for upper, lower in zip(tree.above(every, level).tolist(), tree.above(every, level + 1).tolist(), strict=True):
            assert above[lower] == upper
    assert np.array_equal(tree.items[tree.above(every, tree.depth) - tree.inner], every)


@given(trees())
@settings(max_examples=60, deadline=None)
def test_codes_name_the_leaves(tree: Tree) -> None:
    codes = tree.codes()
    depth, places = level_places(codes, tree.branching)
    assert depth == tree.depth and np.array_equal(places, tree.places)
    for code, place in zip(codes.tolist(), tree.places.tolist(), strict=True):
        up = []
        for _ in range(tree.depth):
            up.append((code - 1) % tree.branching)
            code = (code - 1) // tree.branching
        assert code == 0
        assert sum(child * tree.branching**i for i, child in enumerate(up)) == place


def test_higher_leaves_are_pushed_down() -> None:
    depth, places = level_places(np.array([1, 7, 9, 3]), 3)
    assert (depth, places.tolist()) == (2, [0, 3, 5, 6])


def test_equal_values_stand_side_by_side() -> None:
    values = np.array([3, 1, 2, 1, 3, 3, 2, 1])
    tree = sorted_tree(values, 8, 2)
    assert np.array_equal(values[tree.items], np.sort(values))
    assert not np.array_equal(sorted_tree(None, 8, 2).items, np.arange(8))


@given(trees())
@settings(max_examples=60, deadline=None)
def test_inner_nodes_have_the_usual_value_of_their_items(tree: Tree) -> None:
    m = len(tree.places)
    draw = np.random.default_rng(m)
    kind, price, weights = draw.integers(0, 3, m), draw.random((m, 2)), draw.integers(0, 9, m)
    rows = np.sort(draw.permutation(100)[:m])
    nodes = nodes_of("item", tree, rows, 1000, {"item": rows, "kind": kind, "price": price}, weights)
    assert np.array_equal(nodes.columns["item"][: tree.inner], 1000 + np.arange(tree.inner))
    for level in range(1, tree.depth + 1):
        for node in tree.numbers(level):
            below = np.flatnonzero(tree.above(np.arange(m), level) == node)
            counts = {v: (kind[below] == v).sum() for v in set(kind[below].tolist()) - {0}} or {0: 1}
            assert nodes.columns["kind"][node] == min(counts, key=lambda v: (-counts[v], v))
            assert np.allclose(nodes.columns["price"][node], price[below].mean(axis=0))
            assert nodes.weights[node] == weights[below].sum()
    assert np.array_equal(nodes.columns["item"][tree.above(np.arange(m), tree.depth)], rows)
    assert np.array_equal(nodes.find(rows), np.arange(m)) and nodes.find(np.array([100]))[0] == -1


def test_nodes_are_read_back(tmp_path: Path) -> None:
    tree = Tree(3, 2, np.array([8, 0, 5, 1]))
    columns = {"item": np.arange(4) + 5, "price": np.random.default_rng(0).random((4, 2))}
    nodes = nodes_of("item", tree, columns["item"], 20, columns, np.array([1, 2, 3, 4]))
    assert Nodes.load(tmp_path) is None
    nodes.save(tmp_path)
    again = Nodes.load(tmp_path)
    assert again is not None and again.name == nodes.name
    assert np.array_equal(again.tree.places, tree.places) and np.array_equal(again.rows, nodes.rows)
    assert np.array_equal(again.weights, nodes.weights)
    assert all(np.array_equal(values, again.columns[name]) for name, values in nodes.columns.items())
