"""Items clustered into a tree: near vectors side by side, every node divided evenly, read back by a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.tree.leaves import even_tree
from blockrec.diagnostics import BlockrecError
from blockrec.run import RunResult
from blockrec.run.clustered import clustered_order, divided
from blockrec.run.leaves import write_leaves
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare
from tests.run.conftest import LITTLE


@given(st.integers(1, 70), st.integers(2, 5))
@settings(max_examples=25, deadline=None)
def test_every_item_has_one_place(items: int, branching: int) -> None:
    told: list[int] = []
    order = clustered_order(np.random.default_rng(items).normal(size=(items, 3)), branching, told.append)
    assert sorted(order.tolist()) == [*range(items)]
    assert told[-1] == items and told == sorted(told)


@pytest.mark.parametrize(("branching", "level"), [(2, 2), (4, 1)])
def test_groups_that_lie_apart_have_subtrees_of_their_own(branching: int, level: int) -> None:
    rng = np.random.default_rng(0)
    group = rng.permutation(np.repeat(np.arange(4), 16))
    vectors = np.stack([1000.0 * (group // 2), 100.0 * (group % 2)], axis=1) + rng.normal(size=(64, 2))
    tree = even_tree(clustered_order(vectors, branching), branching)
    pairs = {*zip(group.tolist(), tree.above(np.arange(64), level).tolist(), strict=True)}
    assert len(pairs) == 4


def test_a_full_part_keeps_the_nearest() -> None:
    """Five vectors at one place and one far away, in parts of three: the far one is not torn from its own centre."""
    vectors = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [9.0]])
    parts = divided(vectors, np.array([3, 3]), np.random.default_rng(0))
    far = parts == parts[5]
    assert np.flatnonzero(far).tolist() == [3, 4, 5]


def test_equal_vectors_are_divided_too() -> None:
    assert np.bincount(divided(np.ones((7, 2)), np.array([3, 2, 2]), np.random.default_rng(0))).tolist() == [3, 2, 2]


def test_a_model_takes_the_leaves_of_a_run(little: RunResult, tmp_path: Path) -> None:
    assert little.directory is not None
    out = tmp_path / "leaves.parquet"
    found = write_leaves(little.directory, out, branching=3)
    table = pq.read_table(out)
    assert found.items == len(table) and found.depth == 5 and found.table == "main.item"
    assert len({*table.column("code").to_pylist()}) == found.items
    wishes = Wishes(sets=[f"data.tree={{items: [item, category], by: {out}}}"])
    nodes = prepare(LITTLE, wishes, Log()).dataset.nodes
    assert nodes is not None and (nodes.tree.branching, nodes.tree.depth) == (3, 5)
    known = dict(zip(table.column("item").to_pylist(), table.column("code").to_pylist(), strict=True))
    assert len(nodes.rows) <= found.items
    assert {*nodes.tree.codes().tolist()} <= {*known.values()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"item": "user"}, "no table `main.user`"),
        ({"table": "other"}, "no table `other.item`"),
        ({"out": "leaves.csv"}, "no Parquet file"),
    ],
)
def test_what_has_no_vectors(little: RunResult, tmp_path: Path, options: dict[str, str], message: str) -> None:
    assert little.directory is not None
    with pytest.raises(BlockrecError, match=message):
        write_leaves(little.directory, tmp_path / options.pop("out", "x.parquet"), **options)  # type: ignore[arg-type]
    assert not [*tmp_path.iterdir()]
