"""The order of batches: a stateless permutation, exact resume, and the same batches from a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data import Split
from blockrec.data.batching.batches import Batch
from blockrec.data.batching.permutation import permuted
from blockrec.data.batching.prefetch import prefetched
from blockrec.jagged import Jagged
from tests.data.conftest import Project


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 3000), seed=st.integers(0, 2**40), epoch=st.integers(0, 100))
def test_permutation_is_one(size: int, seed: int, epoch: int) -> None:
    order = permuted(np.arange(size), size, (seed, epoch))
    assert np.array_equal(np.sort(order), np.arange(size))


def test_permutation_is_computed_place_by_place() -> None:
    whole = permuted(np.arange(1000), 1000, (3, 1))
    assert np.array_equal(permuted(np.array([999, 0, 17]), 1000, (3, 1)), whole[[999, 0, 17]])


def test_permutations_differ_by_seed_and_epoch_and_look_random() -> None:
    size = 20_000
    orders = [permuted(np.arange(size), size, key) for key in ((0, 0), (0, 1), (1, 0), (1, 1))]
    for i, one in enumerate(orders):
        assert abs(np.corrcoef(one, np.arange(size))[0, 1]) < 0.03
        assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.03
        for other in orders[:i]:
            assert abs(np.corrcoef(one, other)[0, 1]) < 0.03


@pytest.fixture
def train(project: Project) -> Split:
    rng = np.random.default_rng(0)
    size = 500
    project.parquet(
        user=rng.integers(0, 20, size),
        time=rng.integers(0, 100, size),
        item=rng.integers(0, 30, size),
        rating=rng.integers(1, 6, size),
    )
    return project.dataset("events: log.parquet\nsamples: {label: {click: rating >= 4}}").splits["train"]


def assert_equal(left: list[Batch], right: list[Batch]) -> None:
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            again = other[name]
            if isinstance(value, Jagged):
                assert isinstance(again, Jagged) and torch.equal(value.offsets, again.offsets)
                assert value.max_length == again.max_length
                value, again = value.values, again.values
            assert isinstance(again, torch.Tensor) and torch.equal(value, again)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("start", [0, 3, 7])
def test_resume_gives_the_batches_that_were_left(train: Split, shuffle: bool, start: int) -> None:
    whole = list(train.batches(37, seed=5, epoch=2, shuffle=shuffle))
    assert_equal(list(train.batches(37, seed=5, epoch=2, start=start, shuffle=shuffle)), whole[start:])


def test_a_thread_gives_the_same_batches(train: Split) -> None:
    plain = list(train.batches(64, shuffle=True, prefetch=False))
    assert_equal(list(train.batches(64, shuffle=True, prefetch=True)), plain)


def test_every_sample_comes_once_an_epoch_and_the_last_batch_is_kept(train: Split) -> None:
    batches = list(train.batches(64, shuffle=True, epoch=3))
    sizes = [len(batch["click"]) for batch in batches]  # type: ignore[arg-type]
    assert len(sizes) == train.steps(64) and sum(sizes) == train.rows and sizes[-1] == train.rows % 64
    assert samples(batches) == samples(list(train.batches(64)))


def samples(batches: list[Batch]) -> list[tuple[float, ...]]:
    """All samples in a canonical order."""
    columns = [[b["user"], b["item"], b["behaviors.item"].lengths, b["click"]] for b in batches]  # type: ignore[union-attr]
    return sorted(tuple(row) for found in columns for row in torch.stack(found, 1).tolist())  # type: ignore[arg-type]


def test_epochs_and_seeds_give_other_orders(train: Split) -> None:
    order = lambda **key: [b["user"].tolist() for b in train.batches(64, shuffle=True, **key)]  # type: ignore[union-attr] # noqa: E731
    assert order() == order()
    assert order() != order(epoch=1)
    assert order() != order(seed=1)


def threads() -> int:
    return sum(thread.name == "blockrec-prefetch" for thread in threading.enumerate())


def test_break_ends_the_thread(train: Split) -> None:
    for _ in train.batches(8, shuffle=True):
        assert threads() == 1
        break
    assert threads() == 0


def test_a_forgotten_iterator_ends_its_thread(train: Split) -> None:
    batches = train.batches(8)
    next(batches)
    del batches
    assert threads() == 0


def test_an_error_in_the_thread_is_raised_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ZeroDivisionError("in the thread")

    ahead = prefetched(items())
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(ZeroDivisionError, match="in the thread"):
        next(ahead)
    assert threads() == 0


def test_the_thread_waits_when_it_is_ahead() -> None:
    made = []

    def items() -> Iterator[int]:
        for i in range(1000):
            made.append(i)
            yield i

    ahead = prefetched(items(), ahead=2)
    next(ahead)
    time.sleep(0.05)
    assert len(made) <= 5
    ahead.close()  # type: ignore[attr-defined]
    assert threads() == 0
