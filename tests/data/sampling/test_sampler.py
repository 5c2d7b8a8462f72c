"""Drawing for a batch: the right shares, nothing refused, the same whatever the batch around a sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.sampling.counter import uniform
from blockrec.data.sampling.negatives import Forbidden
from blockrec.data.sampling.plan import Sampled
from blockrec.data.sampling.sampler import Sampler


def sampler(weights: list[float], count: int = 5, avoid: str = "none", own: int = 0, seen: list[int] = []) -> Sampler:
    """For 1000 samples of two users in turn; both met `seen`, their own item is `own`."""
    users = np.tile(np.array([0, 1]), 500)
    met = Forbidden.of(np.repeat([0, 1], len(seen)), np.array([*seen, *seen], int), len(weights))
    plan = Sampled(count, 1.0, avoid)  # type: ignore[arg-type]
    return Sampler(
        plan, np.cumsum(np.array(weights, float)), np.full(1000, own), users, met if avoid == "seen" else None
    )


def shares(found: Sampler, epochs: int = 20) -> np.ndarray:
    drawn = [found.draw(np.arange(1000), (3, epoch))[1] for epoch in range(epochs)]
    return np.bincount(np.concatenate(drawn), minlength=len(found.bounds)) / sum(map(len, drawn))


def test_numbers_are_uniform_and_independent() -> None:
    one, other = uniform(np.arange(200_000), 7, 1), uniform(np.arange(200_000), 7, 2)
    for numbers in (one, other):
        assert abs(np.histogram(numbers, 50, (0, 1))[0] / 4000 - 1).max() < 5 / np.sqrt(4000)
        assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.01
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.01
    assert np.array_equal(uniform(np.array([9, 3]), 7, 1), one[[9, 3]])


def test_draws_follow_the_weights() -> None:
    found = shares(sampler([0, 1, 3, 6, 0]))
    assert found[[0, 4]].tolist() == [0, 0]
    assert abs(found - np.array([0, 0.1, 0.3, 0.6, 0])).max() < 4 * 0.5 / np.sqrt(100_000)


@pytest.mark.parametrize("popular", [6.0, 1e7], ids=["redrawn", "listed"])
def test_draws_follow_the_weights_of_what_is_left(popular: float) -> None:
    found = shares(sampler([popular, 1, 3, 0, 2], avoid="seen", own=4, seen=[0]))
    assert found[[0, 3, 4]].tolist() == [0, 0, 0]
    assert abs(found[1] - 0.25) < 4 * 0.5 / np.sqrt(100_000)


def test_target_avoids_the_own_item_alone() -> None:
    found = shares(sampler([1, 1, 1], avoid="target", own=1, seen=[0, 1]))
    assert found[1] == 0 and found[0] > 0.4


def test_who_has_met_everything_gets_none() -> None:
    lengths, drawn = sampler([1, 2], avoid="seen", own=0, seen=[1]).draw(np.arange(4), (0, 0))
    assert lengths.tolist() == [0, 0, 0, 0] and not len(drawn)


def test_no_candidates() -> None:
    lengths, drawn = sampler([]).draw(np.arange(3), (0, 0))
    assert lengths.tolist() == [0, 0, 0] and not len(drawn)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.integers(0, 999), max_size=30), avoid=st.sampled_from(["seen", "target", "none"]))
def test_a_sample_has_the_same_whatever_the_batch(rows: list[int], avoid: str) -> None:
    found = sampler([5, 1, 1, 1, 1], avoid=avoid, own=2, seen=[0, 1])
    _, whole = found.draw(np.arange(1000), (4, 2))
    _, drawn = found.draw(np.array(rows, np.int64), (4, 2))
    assert drawn.reshape(-1, 5).tolist() == whole.reshape(1000, 5)[rows].tolist()


def test_epochs_and_seeds_differ() -> None:
    found = sampler([1] * 1000)
    draws = [found.draw(np.arange(1000), key)[1] for key in ((0, 0), (0, 1), (1, 0))]
    for i, one in enumerate(draws):
        assert all((one == other).mean() < 0.01 for other in draws[:i])
