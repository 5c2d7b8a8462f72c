"""Axes and thinned series: nothing that matters is lost."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockrec.run.report.scale import Scale, shown, thinned

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)


@given(st.lists(NUMBERS, min_size=1))
def test_a_scale_holds_all_values_and_has_round_ticks_inside(values: list[float]) -> None:
    scale = Scale.over([*values, math.nan, math.inf], 0, 100)
    assert all(0 < scale(value) < 100 for value in values)
    ticks = scale.ticks()
    assert len(ticks) <= 5 and ticks == sorted(set(ticks))
    assert all(-1e-6 <= scale(tick) <= 100 + 1e-6 for tick in ticks)
    assert len(ticks) >= 1


@given(st.lists(st.integers(1, 10**9), min_size=1))
def test_steps_have_whole_ticks(steps: list[int]) -> None:
    ticks = Scale.over(map(float, steps), 0, 100).ticks(6, whole=True)
    assert len(ticks) <= 6 and all(tick == int(tick) for tick in ticks)


@given(st.lists(NUMBERS, min_size=1, max_size=2000), st.integers(10, 300))
def test_a_thinned_series_keeps_its_ends_and_its_extremes(values: list[float], most: int) -> None:
    points = [*enumerate(values)]
    kept = thinned(points, most)
    assert len(kept) <= most + 2 and set(kept) <= set(points)
    assert kept == sorted(kept, key=lambda point: point[0])
    assert kept[0] == points[0] and kept[-1] == points[-1]
    for extreme in (min, max):
        assert extreme(value for _, value in kept) == extreme(values)


def test_a_series_without_finite_values_stays_short() -> None:
    assert len(thinned([(i, math.nan) for i in range(1000)])) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(12500, "12.5k"), (-2e6, "-2M"), (0.73125, "0.7312"), (3e-5, "3e-05"), (1e37, "1e+37"), (math.nan, "nan")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert shown(value) == text
