"""Parts do not overlap, do not leak, and have the sizes that were asked for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.splits import TEST, TRAIN, VALID, SplitPlan, rank_from_end

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
