"""Statistics of a stream are those of the whole, however it is cut; its memory does not grow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockrec.run.stream import Stream

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)
PARTS = st.lists(st.lists(NUMBERS, max_size=20), min_size=1, max_size=8)


def stream_of(parts: list[list[float]], **settings: int) -> Stream:
    stream = Stream(**settings)
    for part in parts:
        stream.add(np.array(part))
    return stream


@given(PARTS)
def test_statistics_are_those_of_all_values(parts: list[list[float]]) -> None:
    values = [value for part in parts for value in part]
    found = stream_of(parts).statistics()
    if not values:
        assert found == {"not_finite": 0.0}
        return
    wanted = {"mean": np.mean(values), "std": np.std(values), "min": min(values), "max": max(values)}
    assert found == pytest.approx({**wanted, "median": np.median(values), "not_finite": 0.0}, rel=1e-6, abs=1e-4)


@given(PARTS, st.integers(1, 30))
def test_the_sample_does_not_depend_on_how_the_stream_is_cut(parts: list[list[float]], size: int) -> None:
    whole = [[value for part in parts for value in part]]
    one, other = stream_of(parts, sample=size), stream_of(whole, sample=size)
    assert sorted(one.sample) == sorted(other.sample)
    assert len(one.sample) == min(size, len(whole[0]))


def test_a_long_stream_keeps_a_sample_whose_median_is_near() -> None:
    stream = Stream(sample=2_000)
    values = np.random.default_rng(1).permutation(100_000)
    for part in np.array_split(values, 37):
        stream.add(part)
    assert stream.sample.size == 2_000 and stream.count == 100_000
    ranks = 100_000 * 0.5 / math.sqrt(2_000)
    assert abs(stream.statistics()["median"] - 50_000) < 4 * ranks


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_large_parts_are_worked_on_in_chunks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).standard_normal((50, 7)).astype(np.float32)
    values[3, 3] = np.nan
    whole = stream_of([list(values.reshape(-1))], sample=20)
    monkeypatch.setattr("blockrec.run.stream.CHUNK", size)
    chunked = Stream(sample=20)
    chunked.add(values)
    assert chunked.statistics() == pytest.approx(whole.statistics())
    assert sorted(chunked.sample) == sorted(whole.sample)


def test_a_period_in_the_stream_does_not_bias_the_sample() -> None:
    stream = Stream(sample=512)
    stream.add(np.tile(np.arange(64), 1_000))
    assert len(set(stream.sample)) > 50


@given(PARTS)
def test_the_histogram_counts_the_sample_between_the_extremes(parts: list[list[float]]) -> None:
    stream = stream_of(parts)
    edges, counts = stream.histogram(7)
    assert sum(counts) == stream.sample.size
    if counts:
        assert len(edges) == 8 and edges == sorted(edges)
        assert edges[0] <= stream.sample.min() and edges[-1] >= stream.sample.max()


def test_what_is_not_finite_is_counted_apart() -> None:
    stream = stream_of([[math.nan, 1.0, math.inf], [3.0, -math.inf]])
    assert stream.statistics() == {"mean": 2, "std": 1, "min": 1, "median": 2, "max": 3, "not_finite": 3}
    nothing = stream_of([[math.nan]])
    assert nothing.statistics() == {"not_finite": 1} and nothing.histogram() == ([], [])
