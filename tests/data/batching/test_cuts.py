"""Batches by tokens, and batches that ranks divide: every sample once, resume in the middle."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data import Split
from blockrec.data.batching import cuts
from blockrec.data.batching.cuts import Rank, Tokens
from blockrec.data.batching.order import Blocks, Shuffle, order_of
from blockrec.jagged import Jagged
from tests.data.batching.test_batches import assert_equal
from tests.data.conftest import Project

LENGTHS = st.lists(st.integers(0, 30), max_size=200)


def cut(lengths: list[int], count: int, shuffle: Shuffle = False, start: int = 0) -> list[list[int]]:
    """The samples of each batch."""
    steps = np.array(lengths, np.int64)
    order = order_of(shuffle, len(lengths), (0, 0))
    found = cuts.cuts(Tokens(count), len(lengths), order, lambda rows: steps[rows], start)
    return [order(places).tolist() for places in found]


@settings(max_examples=150, deadline=None)
@given(lengths=LENGTHS, count=st.integers(1, 100), shuffle=st.booleans())
def test_tokens_are_counted_through(lengths: list[int], count: int, shuffle: bool) -> None:
    tokens = [min(length + 1, count) for length in lengths]
    batches = cut(lengths, count, shuffle)
    assert len(batches) == -(-sum(tokens) // count)
    assert len(batches) == cuts.number_of(Tokens(count), len(lengths), lambda rows: np.array(lengths)[rows])
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(0 < sum(tokens[i] for i in batch) < 2 * count for batch in batches)
    flat = [i for batch in batches for i in batch]
    ends = dict(zip(flat, accumulate(tokens[i] for i in flat), strict=True))
    assert all((ends[i] - 1) // count == number for number, batch in enumerate(batches) for i in batch)


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, count=st.integers(1, 60), data=st.data())
def test_tokens_are_counted_piece_by_piece(lengths: list[int], count: int, data: st.DataObject) -> None:
    whole = cut(lengths, count, True)
    start = data.draw(st.integers(0, len(whole)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuts, "CHUNK", data.draw(st.integers(1, 50)))
        assert cut(lengths, count, True, start) == whole[start:]


@pytest.fixture
def train(project: Project) -> Split:
    rng = np.random.default_rng(0)
    users = np.sort(rng.integers(0, 30, 400))
    project.parquet(user=users, time=rng.integers(0, 90, 400), item=rng.integers(0, 30, 400), click=np.arange(400) % 2)
    features = "user: {vocab: auto}\nitem: {vocab: auto}\nbehaviors: {max_len: 9, fields: {item: {like: item}}}"
    used = ("user", "item", "behaviors.item", "click")
    return project.dataset("events: log.parquet", features, used=used).splits["train"]


def test_a_batch_of_tokens_counts_the_steps_that_are_read(train: Split) -> None:
    batches = list(train.batches(Tokens(40), shuffle=True, seed=1))
    assert len(batches) == train.steps(Tokens(40)) > 5
    for batch in batches:
        history = batch["behaviors.item"]
        assert isinstance(history, Jagged) and history.max_length <= 9
        assert len(history.values) + history.batch < 80
    assert sum(len(batch["click"]) for batch in batches) == train.rows  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [37, Tokens(50)])
@pytest.mark.parametrize("shuffle", [False, True, Blocks(3, 20)], ids=str)
def test_resume_gives_the_batches_that_were_left(train: Split, size: int | Tokens, shuffle: Shuffle) -> None:
    whole = list(train.batches(size, seed=5, epoch=2, shuffle=shuffle))
    for start in (0, 4, len(whole) - 1, len(whole)):
        assert_equal(list(train.batches(size, seed=5, epoch=2, start=start, shuffle=shuffle)), whole[start:])


@pytest.mark.parametrize("size", [37, 5, Tokens(50)])
@pytest.mark.parametrize("ranks", [2, 7])
@pytest.mark.parametrize("shuffle", [True, Blocks(3, 20)], ids=str)
def test_ranks_together_read_the_stream_of_one(train: Split, size: int | Tokens, ranks: int, shuffle: Shuffle) -> None:
    whole = [batch["behaviors.item"] for batch in train.batches(size, seed=1, shuffle=shuffle)]
    parts = [train.batches(size, seed=1, shuffle=shuffle, rank=Rank(i, ranks)) for i in range(ranks)]
    count = 0
    for batch, *shares in zip(whole, *parts, strict=True):
        histories = [share["behaviors.item"] for share in shares]
        assert isinstance(batch, Jagged) and all(isinstance(h, Jagged) for h in histories)
        sizes = [h.batch for h in histories]  # type: ignore[union-attr]
        assert max(sizes) - min(sizes) <= 1
        assert [x for h in histories for x in h.values.tolist()] == batch.values.tolist()
        assert [x for h in histories for x in h.lengths.tolist()] == batch.lengths.tolist()
        count += 1
    assert count == train.steps(size)


def test_milliseconds_stay_exact(project: Project) -> None:
    times = 1_700_000_000_123 + np.arange(50, dtype=np.int64) * 86_400_001
    project.parquet(user=np.zeros(50, int), time=times, item=np.arange(50) % 7, click=np.arange(50) % 2)
    (batch,) = project.dataset("events: log.parquet\nsplit: {valid: 0, test: 0}").splits["train"].batches(50)
    history = batch["behaviors.time"]
    assert isinstance(history, Jagged) and history.values.tolist() == [
        times[step] for sample in range(50) for step in range(max(0, sample - 3), sample)
    ]
