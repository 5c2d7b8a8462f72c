"""Shuffled histories: all of them are used as before, none by its own user."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.events_source.control import exchanged
from blockrec.jagged import Jagged
from tests.data.conftest import Project


@settings(max_examples=60, deadline=None)
@given(user=st.lists(st.integers(0, 6), min_size=1, max_size=60), seed=st.integers(0, 9))
def test_histories_go_to_other_users_of_the_same_part(user: list[int], seed: int) -> None:
    own = np.array(user)
    part = np.random.default_rng(seed).integers(0, 2, len(own)).astype(np.int8)
    index = exchanged(own, part)
    assert sorted(index.tolist()) == list(range(len(own)))
    assert (part[index] == part).all()
    for name in (0, 1):
        members = own[part == name]
        if len(members) and np.bincount(members).max() * 2 <= len(members):
            assert (own[index][part == name] != members).all()


def test_a_shuffled_dataset_has_the_same_samples_with_other_histories(project: Project) -> None:
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(30), 10)
    project.parquet(user=user, time=np.tile(np.arange(10), 30), item=user, rating=rng.integers(1, 6, 300))
    data = "events: log.parquet\nsamples: {label: {click: rating >= 4}}\nsplit: {by: leave_last}\nshuffle_histories: "
    plain, shuffled = (project.dataset(data + flag) for flag in ("false", "true"))
    for name in ("train", "valid", "test"):
        (one,), (other,) = (dataset.splits[name].batches(1000) for dataset in (plain, shuffled))
        for column in ("user", "item", "click"):
            assert one[column].tolist() == other[column].tolist()  # type: ignore[union-attr]
        before, after = one["behaviors.item"], other["behaviors.item"]
        assert isinstance(before, Jagged) and isinstance(after, Jagged)
        assert sorted(before.values.tolist()) == sorted(after.values.tolist())
        # An item is met by one user only, so a step shows whose history it is.
        own, foreign = (batch["user"][batch["behaviors.item"].rows] for batch in (one, other))  # type: ignore[union-attr,index]
        assert before.values.tolist() == own.tolist()
        assert (after.values != foreign).all()
