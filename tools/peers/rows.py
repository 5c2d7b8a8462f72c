"""Rows that every toolkit reads: users' histories end to end, and samples that refer to places in them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from tools.peers import sizes

Array = Any


@dataclass(frozen=True)
class Rows:
    """Samples [n] of users, items and clicks. Ids begin at 1; 0 is padding.

    history: the items of all owners, end to end; starts [owners + 1] of each. A sample's own history is what lies
    between the start of its `owner` and `end`. category_of [items]; heights: rows of the tables user, item, category.
    """

    user: Array
    item: Array
    click: Array
    owner: Array
    end: Array
    history: Array
    starts: Array
    category_of: Array
    heights: Array

    def save(self, path: Path) -> None:
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Rows:
        with np.load(path) as file:
            return cls(**{name: file[name] for name in file.files})

    @property
    def length(self) -> Array:
        """[n] of the histories, at most `MOST`."""
        return np.minimum(self.end - self.starts[self.owner], sizes.MOST)

    def padded(self) -> Array:
        """[n, MOST] newest steps, oldest first, zeros on the right."""
        place = np.arange(sizes.MOST)[None]
        index = (self.end - self.length)[:, None] + place
        inside = place < self.length[:, None]
        return np.where(inside, self.history[np.where(inside, index, 0)], 0)

    def first(self, number: int) -> Rows:
        """The first samples."""
        return self._kept(np.arange(min(number, len(self.user))))

    def clicked(self) -> Rows:
        """The samples that were clicked."""
        return self._kept(np.flatnonzero(self.click))

    def _kept(self, index: Array) -> Rows:
        return replace(self, **{name: getattr(self, name)[index] for name in ("user", "item", "click", "owner", "end")})


def movielens(folder: Path) -> Rows:
    """MovieLens-100k: ratings but each user's first and last; a click is 4 or 5, the category a film's first genre."""
    table = np.loadtxt(folder / "u.data", dtype=np.int64)
    user, item, rating, _time = table[np.lexsort((table[:, 3], table[:, 0]))].T
    lines = (folder / "u.item").read_text("latin-1").splitlines()
    genres = {int(line.split("|")[0]): line.split("|")[5:].index("1") + 1 for line in lines}
    category_of = np.array([0] + [genres[i] for i in range(1, max(genres) + 1)])
    starts = np.concatenate([[0], np.cumsum(np.bincount(user)[1:])])
    place = np.arange(len(user))
    rows = (place > starts[user - 1]) & (place < starts[user] - 1)
    heights = np.array([user.max() + 1, len(category_of), category_of.max() + 1])
    click = (rating[rows] >= 4).astype(np.int64)
    return Rows(user[rows], item[rows], click, user[rows] - 1, place[rows], item, starts, category_of, heights)


def generated(rows: int, users: int, items: int, categories: int = 1000) -> Rows:
    """Users and items of large tables, items with a probability ∝ 1 / rank, their ranks being at random places."""
    rng = np.random.default_rng(0)
    place = rng.permutation(items - 1) + 1

    def drawn(number: int) -> Array:
        return place[np.minimum(((items - 1) ** rng.random(number)).astype(np.int64), items - 2)]

    lengths = rng.integers(26, sizes.MOST + 1, rows)
    ends = np.cumsum(lengths)
    owner, starts = np.arange(rows), np.concatenate([[0], ends])
    click, user = (rng.random(rows) < 0.4).astype(np.int64), rng.integers(1, users, rows)
    category_of = np.concatenate([[0], rng.integers(1, categories, items - 1)])
    heights = np.array([users, items, categories])
    return Rows(user, drawn(rows), click, owner, ends, drawn(int(ends[-1])), starts, category_of, heights)
