"""Which samples train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from blockrec.data.arrow import Array

NAMES = ("train", "valid", "test")
TRAIN, VALID, TEST = range(3)
Index = NDArray[np.int64]
Part = NDArray[np.int8]


@dataclass(frozen=True)
class SplitPlan:
    """`valid` and `test`: shares of the samples or users, or with `leave_last` numbers of samples a user.

    valid_from, test_from: moments that stand instead of shares of the time; `dated`: as microseconds since 1970.
    """

    by: Literal["time", "leave_last", "user"]
    valid: float
    test: float
    seed: int
    valid_from: float | None = None
    test_from: float | None = None
    dated: bool = False

    def parts(self, user: Index, time: Array) -> Part:
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
    ordered = np.sort(time)
    part = np.zeros(len(time), np.int8)
    for name, share in ((VALID, valid + test), (TEST, test)):
        first = round(len(time) * (1 - share))
        if first < len(time):
            part[time >= ordered[first]] = name
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


def by_user(user: Index, valid: float, test: float, seed: int) -> Part:
    """All samples of randomly chosen users."""
    users, place = np.unique(user, return_inverse=True)
    rank = np.random.default_rng(seed).permutation(len(users))[place]
    part = np.zeros(len(user), np.int8)
    part[rank < round(len(users) * (valid + test))] = VALID
    part[rank < round(len(users) * test)] = TEST
    return part


def leave_last(user: Index, valid: int, test: int) -> Part:
    """The last `test` samples of each user, and the `valid` ones before them."""
    back = rank_from_end(user)
    part = np.zeros(len(user), np.int8)
    part[back < valid + test] = VALID
    part[back < test] = TEST
    return part


def rank_from_end(user: Index) -> Index:
    """[n] 0 for the last element of a user, 1 for the one before; elements of a user keep their order."""
    order = np.argsort(user, kind="stable")
    ordered = user[order]
    ends = np.searchsorted(ordered, ordered, side="right")
    rank = np.empty(len(user), np.int64)
    rank[order] = ends - 1 - np.arange(len(user))
    return rank
