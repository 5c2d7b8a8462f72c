"""The control experiment: histories that belong to other users, otherwise the same histories."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blockrec.data.events_source.events import Index
from blockrec.data.events_source.samples import Samples
from blockrec.data.splits import Part


def with_exchanged_histories(samples: Samples, part: Part) -> Samples:
    """Each sample has the history of a sample of another user in the same part.

    Every history is used exactly as often as before, so that what a model loses is only that it was the user's own.
    (A user with more than half of a part's samples cannot be given only those of others.)
    """
    index = exchanged(samples.own, part)
    return replace(samples, donor=samples.donor[index])


def exchanged(user: Index, part: Part) -> Index:
    """[n] a permutation within each part that gives every sample one of another user."""
    index = np.arange(len(user))
    order = np.random.default_rng(0).permutation(user.max(initial=-1) + 1)
    for name in np.unique(part):
        members = np.flatnonzero(part == name)
        shuffled = order[user[members]]
        ring = members[np.argsort(shuffled, kind="stable")]
        index[ring] = np.roll(ring, np.bincount(shuffled).max())
    return index
