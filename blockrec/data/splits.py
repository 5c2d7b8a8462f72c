"""Which samples train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from blockrec.data.arrow import Array

NAMES = ("train", "valid", "test")
TRAIN, VALID, TEST = range(3)
Part = NDArray[np.int8]


@dataclass(frozen=True)
class SplitPlan:
    """`valid` and `test`: shares of the samples or users, or with `leave_last` numbers of samples a user.

    valid_from, test_from: moments that stand instead of shares of the time; `dated`: as microseconds since 1970.
    """

    by: Literal["time", "leave_last", "user", "random"]
    valid: float
    test: float
    seed: int
    valid_from: float | None = None
    test_from: float | None = None
    dated: bool = False

    def parts(self, user: Array, time: Array) -> Part:
        """[samples] 0 train, 1 valid, 2 test. Samples of one user are in the order of their time."""
        if self.test_from is not None:
            return by_moment(time, self.valid, self.valid_from, self.test_from)
        if self.by == "time":
            return by_time(time, self.valid, self.test)
        if self.by == "user":
            return by_user(user, self.valid, self.test, self.seed)
        return leave_last(user, int(self.valid), int(self.test))


def by_time(time: Array, valid: float, test: float) -> Part:
    """The latest shares of the samples; samples of one moment are never divided."""
    part = np.zeros(len(time), np.int8)
    for name, share in ((VALID, valid + test), (TEST, test)):
        first = round(len(time) * (1 - share))
        if first < len(time):
            part[time >= np.partition(time, first)[first]] = name
    return part


def by_moment(time: Array, valid: float, valid_from: float | None, test_from: float) -> Part:
    """Samples from one moment on test; from another one on, or the latest share of those before, they validate."""
    part = np.full(len(time), TEST, np.int8)
    before = time < test_from
    if valid_from is None:
        part[before] = by_time(time[before], valid, 0)
    else:
        part[before] = np.where(time[before] < valid_from, TRAIN, VALID)
    return part


def by_user(user: Array, valid: float, test: float, seed: int) -> Part:
    """All samples of randomly chosen users."""
    users = np.flatnonzero(np.bincount(user))
    rank = np.random.default_rng(seed).permutation(len(users))
    part = np.zeros(user.max(initial=-1) + 1, np.int8)
    part[users[rank < round(len(users) * (valid + test))]] = VALID
    part[users[rank < round(len(users) * test)]] = TEST
    return part[user]


def leave_last(user: Array, valid: int, test: int) -> Part:
    """The last `test` samples of each user, and the `valid` ones before them."""
    back = rank_from_end(user)
    part = np.zeros(len(user), np.int8)
    part[back < valid + test] = VALID
    part[back < test] = TEST
    return part


def rank_from_end(user: Array) -> Array:
    """[n] 0 for the last element of a user, 1 for the one before; elements of a user keep their order.

    user: [n] whole numbers from 0 on; in their order is fastest.
    """
    kind: Any = np.int32 if len(user) < 2**31 else np.int64
    ends = np.cumsum(np.bincount(user), dtype=kind) - 1
    if (user[1:] >= user[:-1]).all():
        return ends[user] - np.arange(len(user), dtype=kind)
    order = np.argsort(user, kind="stable")
    rank = np.empty(len(user), kind)
    rank[order] = ends[user[order]] - np.arange(len(user), dtype=kind)
    return rank
