"""A generated log as large as the published one with long histories: millions of items, hundreds of clicks a user."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_USERS_AT_ONCE = 4096
_FIRST, _MEAN_GAP = 1_511_539_200, 2400
"""The earliest moment, and the mean seconds between two clicks of a user."""
_INTERESTS, _RENEWED, _OTHER = 6, 60, 0.3
"""Categories that a user is interested in at a time, clicks after which one is another, share of clicks on others."""


@dataclass(frozen=True)
class LongLog:
    """Clicks of users whose interests, a few categories each, are renewed again and again.

    A category of rank c has a share ((c + 1) / n)^⅓ − (c / n)^⅓ of the n categories' clicks and items, an item of rank
    k in its category a probability ∝ √(k + 1) − √k. Beside that each item is clicked once at least. Ids of items say
    nothing about their category. Fields: see the schema.
    """

    users: int
    items: int
    categories: int
    least: int
    mean: int
    seed: int

    @property
    def about(self) -> str:
        """Of what size it is."""
        return f"about {self.users * self.mean:,} clicks"

    def problem(self) -> tuple[str, str, str] | None:
        """What makes these sizes impossible, the key to change, and how; None if nothing does."""
        if self.items < self.categories:
            message = f"{self.items} items are not enough for {self.categories} categories"
            return message, "items", f"items: {self.categories} or more, or fewer categories"
        if self.mean < self.least:
            message = f"a mean of {self.mean} clicks a user is below the least number, {self.least}"
            return message, "mean", f"mean: {self.least} or more, or a smaller `least`"
        if self.users * self.least < self.items:
            message = f"{self.users} users of {self.least} clicks and more need not click all {self.items} items"
            return message, "users", f"users: {-(-self.items // self.least)} or more, or fewer items"
        return None

    def write(self, folder: Path) -> None:
        """Write events.parquet, user by user and each in the order of time, a few thousand users at a time."""
        with pq.ParquetWriter(folder / "events.parquet", _SCHEMA) as writer:
            for block, first in enumerate(range(0, self.users, _USERS_AT_ONCE)):
                writer.write_table(self._clicks(block, first, min(first + _USERS_AT_ONCE, self.users)))

    @cached_property
    def _starts(self) -> Ints:
        """[users + 1] where the clicks of each user start."""
        more = np.random.default_rng([self.seed, 0]).exponential(self.mean - self.least, self.users).astype(np.int64)
        return np.concatenate([[0], np.cumsum(self.least + more)])

    @cached_property
    def _edges(self) -> Ints:
        """[categories + 1] the ranks of items at which each category starts; none is empty."""
        share = np.cbrt(np.arange(self.categories + 1) / self.categories)
        return (share * (self.items - self.categories)).astype(np.int64) + np.arange(self.categories + 1)

    @cached_property
    def _id(self) -> NDArray[np.int32]:
        """[items] the id of the item of each rank."""
        return np.random.default_rng([self.seed, 1]).permutation(np.arange(self.items, dtype=np.int32))

    def _clicks(self, block: int, first: int, stop: int) -> pa.Table:
        rng = np.random.default_rng([self.seed, 2, block])
        starts = self._starts[first : stop + 1]
        user = np.repeat(np.arange(stop - first), np.diff(starts))
        click = np.arange(starts[0], starts[-1])
        category = self._interesting(rng, user, click - starts[user])
        size = np.diff(self._edges)[category]
        rank = self._edges[category] + (rng.random(len(click)) ** 2 * size).astype(np.int64)
        rank = self._each_once(click, rank)
        category = np.searchsorted(self._edges, rank, side="right") - 1
        past = np.cumsum(1 + rng.exponential(_MEAN_GAP, len(click)).astype(np.int64))
        time = _FIRST + past - past[starts[user] - starts[0]]
        columns = {"user": first + user, "item": self._id[rank], "category": category, "time": time}
        return pa.table({name: values.astype(np.int32) for name, values in columns.items()}, schema=_SCHEMA)

    def _interesting(self, rng: np.random.Generator, user: Ints, age: Ints) -> Ints:
        """[clicks] the category that a user of a block clicks after `age` clicks."""
        slot = rng.integers(_INTERESTS, size=len(user))
        renewed = (age + slot * (_RENEWED // _INTERESTS)) // _RENEWED
        interests = self._categories(rng, (user[-1] + 1, _INTERESTS, renewed.max() + 1))
        other = rng.random(len(user)) < _OTHER
        return np.where(other, self._categories(rng, (len(user),)), interests[user, slot, renewed])

    def _categories(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Ints:
        found: Ints = (rng.random(shape) ** 3 * self.categories).astype(np.int64)
        return found

    def _each_once(self, click: Ints, rank: Ints) -> Ints:
        """Evenly among all clicks, each item has one."""
        total = int(self._starts[-1])
        turn = click * self.items // total
        own = (click + 1) * self.items // total > turn
        return np.where(own, self._id[turn], rank)


_SCHEMA = pa.schema([(name, pa.int32()) for name in ("user", "item", "category", "time")])
