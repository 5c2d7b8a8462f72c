"""Items gathered piece by piece are those gathered at once, and those that a loop over rows finds."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.sampling import collector
from blockrec.data.sampling.collector import Collector
from blockrec.data.sampling.numbering import Numbering

ROWS = st.lists(st.tuples(st.integers(-1, 4), st.one_of(st.none(), st.sampled_from("abcd")), st.integers(0, 5)))


def collected(rows: list[tuple[Any, ...]], cuts: list[int]) -> Collector:
    """rows: (user, item, time)."""
    found = Collector("item", pairs=True)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    for start, stop in pairwise(bounds):
        part = rows[start:stop]
        items = pa.array([item for _, item, _ in part], pa.string())
        items = items.dictionary_encode() if start % 2 else items
        table = pa.table({"item": items, "place": pa.array(range(start, stop), pa.int64())})
        found.see(table, np.array([t for _, _, t in part], np.int64), np.array([u for u, _, _ in part], np.int32))
    return found


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 30), max_size=4), keep=st.sampled_from([1, 1 << 24]))
def test_pieces_give_what_a_loop_finds(rows: list[tuple[Any, ...]], cuts: list[int], keep: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collector, "_PAIRS", keep)
        found = collected(rows, cuts)
    names = found.items.values.to_pylist()
    latest: dict[str, tuple[int, int]] = {}
    for place, (_, item, time) in enumerate(rows):
        if item is not None:
            latest[item] = max(latest.get(item, (-1, -1)), (time, place))
    assert dict(zip(names, found.counts.tolist(), strict=True)) == Counter(i for _, i, _ in rows if i is not None)
    assert dict(zip(names, found.last.column("place").to_pylist(), strict=True)) == {
        item: place for item, (_, place) in latest.items()
    }
    met = {(u, i) for u, i, _ in rows if u >= 0 and i is not None}
    pairs = found.met()
    assert {(int(p) // len(names), names[int(p) % len(names)]) for p in pairs} == met
    assert np.array_equal(pairs, np.unique(pairs))


def test_numbers_stay() -> None:
    found = Numbering()
    assert found.add(pa.array(["b", None, "a"])).tolist() == [0, -1, 1]
    assert found.add(pa.chunked_array([["a"], ["c", "b"]])).tolist() == [1, 2, 0]
    assert found.find(pa.array(["d", "c"])).tolist() == [-1, 2]


def test_other_kinds_are_refused() -> None:
    found = Numbering()
    found.add(pa.array([1, 2]))
    with pytest.raises(pa.ArrowInvalid):
        found.find(pa.array(["x"]))
