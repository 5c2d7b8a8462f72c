"""Parts do not overlap, do not leak, and have the sizes that were asked for."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.splits import TEST, TRAIN, VALID, SplitPlan, rank_from_end
from tests.data.conftest import Project

samples = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), min_size=1, max_size=60)
quick = settings(max_examples=60, deadline=None)


def parts(found: list[tuple[int, int]], by: str, valid: float, test: float):  # type: ignore[no-untyped-def]
    user, time = np.array(sorted(found)).T
    return user, time, SplitPlan(by, valid, test, 0).parts(user, time)  # type: ignore[arg-type]


@quick
@given(found=samples)
def test_by_time_training_ends_before_validation_and_that_before_the_test(found: list[tuple[int, int]]) -> None:
    _, time, part = parts(found, "time", 0.2, 0.2)
    for earlier, later in ((TRAIN, VALID), (TRAIN, TEST), (VALID, TEST)):
        assert time[part == earlier].max(initial=-1) < time[part == later].min(initial=99)
    assert (part == TEST).any() or len(found) < 3


def test_by_time_gives_the_shares() -> None:
    time = np.random.default_rng(0).permutation(1000)
    part = SplitPlan("time", 0.1, 0.2, 0).parts(np.zeros(1000, int), time)
    assert np.bincount(part).tolist() == [700, 100, 200]


@quick
@given(found=samples)
def test_leave_last_takes_the_last_of_each_user(found: list[tuple[int, int]]) -> None:
    user, _, part = parts(found, "leave_last", 1, 2)
    for name in np.unique(user):
        own = part[user == name].tolist()
        expected = [TRAIN] * (len(own) - 3) + [VALID] + [TEST] * 2
        assert own == expected[-len(own) :]


@quick
@given(found=samples)
def test_by_user_divides_users(found: list[tuple[int, int]]) -> None:
    user, _, part = parts(found, "user", 0.3, 0.3)
    assert all(len(set(part[user == name])) == 1 for name in np.unique(user))


def test_by_user_gives_the_shares_and_depends_on_the_seed() -> None:
    user = np.repeat(np.arange(100), 3)
    one, other = (SplitPlan("user", 0.1, 0.2, seed).parts(user, user) for seed in (0, 1))
    assert np.bincount(one).tolist() == [210, 30, 60]
    assert (one != other).any()


def test_rank_from_end_counts_each_user_apart() -> None:
    assert rank_from_end(np.array([3, 1, 3, 3, 1])).tolist() == [2, 1, 1, 0, 0]


@quick
@given(found=samples, first=st.integers(0, 20), length=st.integers(0, 20))
def test_moments_divide_the_time(found: list[tuple[int, int]], first: int, length: int) -> None:
    user, time = np.array(sorted(found)).T
    part = SplitPlan("time", 0.1, 0, 0, first, first + length).parts(user, time)
    expected = [TRAIN if t < first else VALID if t < first + length else TEST for t in time.tolist()]
    assert part.tolist() == expected


def test_one_moment_leaves_a_share_to_validate() -> None:
    time = np.random.default_rng(0).permutation(1000)
    part = SplitPlan("time", 0.1, 0, 0, None, 800).parts(np.zeros(1000, int), time)
    assert (part == TEST).tolist() == (time >= 800).tolist()
    assert (part == VALID).tolist() == ((time >= 720) & (time < 800)).tolist()


LOG = {"user": [1] * 6, "item": [1, 2, 1, 2, 1, 2], "click": [0, 1, 0, 1, 0, 1]}
DAYS = [dt.datetime(2019, 11, day, tzinfo=dt.timezone.utc) for day in range(11, 17)]


@pytest.mark.parametrize(
    ("times", "moments"),
    [
        (DAYS, "valid_from: 2019-11-14, test_from: 2019-11-15 12:00"),
        ([1, 2, 3, 4, 5, 6], "valid_from: 4, test_from: 5.5"),
    ],
    ids=["dates", "numbers"],
)
def test_moments_as_they_are_written(project: Project, times: list[object], moments: str) -> None:
    project.parquet(time=times, **LOG)
    dataset = project.dataset(f"events: log.parquet\nsplit: {{{moments}}}")
    assert dataset.describe()["samples"] == {"train": 3, "valid": 2, "test": 1}


@pytest.mark.parametrize(
    ("split", "error"),
    [
        ("by: user, test_from: 4", "E101 `test_from` has no meaning beside `by: user`"),
        ("valid_from: 4", "E101 `valid_from` needs `test_from`"),
        ("test: 0.1, test_from: 4", "E101 `test` has no meaning beside `test_from`"),
        ("test_from: yesterday", "E106 `yesterday` is neither a number nor a date"),
        ("valid_from: 5, test_from: 4", "E106 samples validate before they test"),
        ("valid_from: 2019-11-14, test_from: 4", "E106 one moment is a date and the other a number"),
        ("test_from: 2019-11-14", "E503 `test_from` is a date, but the times in column `time` are numbers"),
    ],
)
def test_moments_that_mean_nothing(project: Project, split: str, error: str) -> None:
    project.parquet(time=[1, 2, 3, 4, 5, 6], **LOG)
    (found,) = project.errors(f"events: log.parquet\nsplit: {{{split}}}")
    assert found.startswith(error)
