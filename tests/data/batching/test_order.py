"""Orders of an epoch: bijections that are computed place by place; blocks keep neighbours near each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.batching.order import Blocks, Shuffle, order_of

SHUFFLES = st.one_of(st.booleans(), st.builds(Blocks, blocks=st.integers(1, 9), rows=st.integers(1, 40)))


@settings(max_examples=150, deadline=None)
@given(shuffle=SHUFFLES, size=st.integers(0, 1500), seed=st.integers(0, 2**40), epoch=st.integers(0, 9))
def test_every_sample_comes_once(shuffle: Shuffle, size: int, seed: int, epoch: int) -> None:
    found = order_of(shuffle, size, (seed, epoch))(np.arange(size))
    assert np.array_equal(np.sort(found), np.arange(size))


@settings(max_examples=100, deadline=None)
@given(shuffle=SHUFFLES, size=st.integers(1, 800), data=st.data())
def test_any_places_can_be_asked_for(shuffle: Shuffle, size: int, data: st.DataObject) -> None:
    order = order_of(shuffle, size, (3, 1))
    places = np.array(data.draw(st.lists(st.integers(0, size - 1), max_size=30)), np.int64)
    assert np.array_equal(order(places), order(np.arange(size))[places])


@settings(max_examples=60, deadline=None)
@given(blocks=st.integers(1, 6), rows=st.integers(1, 30), size=st.integers(1, 900))
def test_a_window_reads_so_many_blocks(blocks: int, rows: int, size: int) -> None:
    found = order_of(Blocks(blocks, rows), size, (0, 0))(np.arange(size)) // rows
    changes = np.flatnonzero(np.diff(np.sort(found)) > 0)
    assert len(changes) + 1 == -(-size // rows)
    last = {block: place for place, block in enumerate(found.tolist())}
    first = {block: place for place, block in reversed([*enumerate(found.tolist())])}
    begun = [sum(first[b] <= place <= last[b] for b in first) for place in range(size)]
    assert max(begun) <= blocks


def test_blocks_come_in_another_order_and_are_mixed() -> None:
    size, shuffle = 12_000, Blocks(4, 500)
    one, other = (order_of(shuffle, size, (0, epoch))(np.arange(size)) for epoch in (0, 1))
    for found in (one, other):
        assert abs(np.corrcoef(found, np.arange(size))[0, 1]) < 0.5
        inside = found[:2000]
        assert abs(np.corrcoef(inside[1:], inside[:-1])[0, 1]) < 0.1
    assert len(set((one[:2000] // 500).tolist())) == 4
    assert set((one[:2000] // 500).tolist()) != set((other[:2000] // 500).tolist())


@pytest.mark.parametrize("blocks", [100, 3])
def test_two_windows_are_not_mixed_alike(blocks: int) -> None:
    shuffle, size = Blocks(blocks, 10), 20 * blocks
    found = order_of(shuffle, size, (0, 0))(np.arange(size))
    ranks = [np.argsort(np.argsort(part)) for part in (found[: size // 2], found[size // 2 :])]
    assert not np.array_equal(*ranks)
