"""Generated logs with a known truth, written as ordinary files that the rest of a section then reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from blockrec.data import store
from blockrec.data.events_source.long_log import LongLog
from blockrec.data.settings import setting
from blockrec.diagnostics import fail
from blockrec.language.schema.generated import PLANTED, SIZED
from blockrec.language.values import Map

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_MEAN_GAP = 3600
"""Mean seconds between two behaviours of a user."""


def generated(section: Map, cache: Path, progress: Callable[[str], None]) -> Path | None:
    """The folder with the files that `generate:` describes, made if it is not there; None without that key."""
    if "generate" not in section:
        return None
    (name,) = section["generate"]
    options, (kind, schema) = section.section("generate").section(name), _KINDS[name]
    log = kind(**{key: setting(options, key, schema=schema) for key in schema["properties"]})
    if (problem := log.problem()) is not None:
        message, key, help = problem
        at = options.at.get(key) or next(iter(options.at.values()), options.span)
        raise fail("E106", message, at, help=help)
    folder = cache / store.name_of(name, log)

    def build(scratch: Path) -> None:
        progress(f"generating {log.about}")
        log.write(scratch)

    return store.built(folder, build)


@dataclass(frozen=True)
class Planted:
    """Users with drifting category interests, and clicks that depend on the right part of their history.

    Each category c has a relevance vector A_c and a value vector R_c, both of unit length; an item's value vector r
    is its category's with a part of its own. For a target of category c, the behaviour of category b that is p-th
    from the end of the last `history` ones weighs w ∝ exp(temp · ⟨A_c, A_b⟩ − lam · log p), and
        P(click) = σ(scale · √width · ⟨Σ w r_behaviour, r_target⟩ − bias),
    where the bias makes a third of the impressions clicks. R = conflict · (vectors independent of A) +
    (1 − conflict) · A: at conflict 1 similar categories do not say similar things about a click, so one embedding
    cannot serve both the weights and the values. Fields: see the schema.
    """

    users: int
    items: int
    categories: int
    groups: int
    history: int
    impressions: int
    width: int
    interests: int
    stay: float
    temp: float
    lam: float
    conflict: float
    scale: float
    item_noise: float
    seed: int

    @property
    def about(self) -> str:
        """Of what size it is."""
        return f"{self.users * self.impressions:,} impressions"

    def problem(self) -> tuple[str, str, str] | None:
        """What makes these sizes impossible, the key to change, and how; None if nothing does."""
        if self.items < self.categories:
            message = f"{self.items} items are not enough for {self.categories} categories"
            return message, "items", f"items: {self.categories} or more, or fewer categories"
        return None

    def write(self, folder: Path) -> None:
        """Write events.parquet, impressions.parquet and truth.npz.

        truth.npz: per impression, in file order, `probability` [n] and `weights` [n, history] (oldest first, over the
        last `history` events strictly before the impression); `relevance` and `value` [categories, width],
        `similarity` [categories, categories], `item_value` [items, width], `item_category` [items], `bias`.
        """
        rng = np.random.default_rng(self.seed)
        world = _World.drawn(self, rng)
        log = self._log(world, rng)
        pq.write_table(log.table(), folder / "events.parquet")
        shown = [self._shown(world, log, k, rng) for k in range(self.impressions)]
        target, logit, weights = (np.stack(parts, axis=1) for parts in zip(*shown, strict=True))
        bias = float(np.quantile(logit, 2 / 3))
        probability = 1 / (1 + np.exp(bias - logit))
        click = (rng.random(probability.shape) < probability).astype(np.int8)
        # An impression is one second after the behaviour before it; two behaviours are at least two apart.
        time = log.time[:, self.history - 1 : -1] + 1
        pq.write_table(_impressions(target, world.category[target], time, click), folder / "impressions.parquet")
        truth: dict[str, Any] = {
            "probability": probability.reshape(-1).astype(np.float32),
            "weights": weights.reshape(-1, self.history).astype(np.float32),
            "bias": bias,
        }
        np.savez(folder / "truth.npz", **truth, **world.arrays())

    def _log(self, world: _World, rng: np.random.Generator) -> _Log:
        """One behaviour more than the last impression needs, so that the future of every sample is in the log."""
        length = self.history + self.impressions
        interests = rng.integers(self.categories, size=(self.users, self.interests))
        categories = np.empty((self.users, length), np.int64)
        everyone = np.arange(self.users)
        for step in range(length):
            categories[:, step] = interests[everyone, rng.integers(self.interests, size=self.users)]
            drifts = np.flatnonzero(rng.random(self.users) > self.stay)
            drifted = rng.integers(self.interests, size=len(drifts))
            interests[drifts, drifted] = rng.integers(self.categories, size=len(drifts))
        gaps = 2 + np.rint(rng.exponential(_MEAN_GAP, categories.shape)).astype(np.int64)
        return _Log(world.items_of(categories, rng), categories, np.cumsum(gaps, axis=1))

    def _shown(self, world: _World, log: _Log, k: int, rng: np.random.Generator) -> tuple[Ints, Floats, Floats]:
        """The k-th impression of every user: items [users], logits without bias [users], weights [users, history]."""
        items, categories = log.item[:, k : k + self.history], log.category[:, k : k + self.history]
        again = categories[np.arange(self.users), rng.integers(self.history, size=self.users)]
        other = rng.integers(self.categories, size=self.users)
        category = np.where(rng.random(self.users) < 0.6, again, other)
        target = world.items_of(category, rng)
        place = np.arange(self.history, 0, -1)
        scores = self.temp * world.similarity[category[:, None], categories] - self.lam * np.log(place)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        state = np.einsum("ut,utd->ud", weights, world.item_value[items])
        logit = self.scale * np.sqrt(self.width) * (state * world.item_value[target]).sum(axis=1)
        return target, logit, weights


@dataclass(frozen=True)
class _Log:
    """[users, behaviours] each, oldest first."""

    item: Ints
    category: Ints
    time: Ints

    def table(self) -> pa.Table:
        """One row a behaviour, in the order of time, as a log is written."""
        user = np.repeat(np.arange(len(self.item)), self.item.shape[1])
        order = np.argsort(self.time.reshape(-1), kind="stable")
        columns: dict[str, NDArray[Any]] = {
            "user": user,
            "item": self.item,
            "category": self.category,
            "time": self.time,
        }
        return pa.table({name: values.reshape(-1)[order] for name, values in columns.items()})


def _impressions(item: Ints, category: Ints, time: Ints, click: NDArray[np.int8]) -> pa.Table:
    user = np.repeat(np.arange(len(item)), item.shape[1])
    columns: dict[str, NDArray[Any]] = {"user": user, "time": time, "item": item, "category": category, "click": click}
    return pa.table({name: values.reshape(-1) for name, values in columns.items()})


@dataclass(frozen=True)
class _World:
    """Categories and items; the items of one category stand together, `first[c]:first[c] + size[c]`."""

    relevance: Floats
    value: Floats
    similarity: Floats
    item_value: Floats
    category: Ints
    order: Ints
    first: Ints
    size: Ints

    @classmethod
    def drawn(cls, planted: Planted, rng: np.random.Generator) -> _World:
        number, width = planted.categories, planted.width
        centres = rng.normal(size=(planted.groups, width))
        relevance = _unit(centres[rng.integers(planted.groups, size=number)] + 0.6 * rng.normal(size=(number, width)))
        independent = _unit(rng.normal(size=(number, width)))
        value = _unit(planted.conflict * independent + (1 - planted.conflict) * relevance)
        # The first items cover all categories, so that none is empty.
        first = np.arange(planted.items) % number
        category = np.where(np.arange(planted.items) < number, first, rng.integers(number, size=planted.items))
        noise = planted.item_noise * rng.normal(size=(planted.items, width)) / np.sqrt(width)
        size = np.bincount(category, minlength=number)
        order = np.argsort(category, kind="stable")
        starts = np.cumsum(size) - size
        return cls(relevance, value, relevance @ relevance.T, value[category] + noise, category, order, starts, size)

    def items_of(self, categories: Ints, rng: np.random.Generator) -> Ints:
        """An item of each category; its k-th item has a probability ∝ √(k + 1) − √k."""
        place = (rng.random(categories.shape) ** 2 * self.size[categories]).astype(np.int64)
        return np.asarray(self.order[self.first[categories] + place])

    def arrays(self) -> dict[str, Any]:
        """What is known about the world, by name."""
        return {
            "relevance": self.relevance,
            "value": self.value,
            "similarity": self.similarity,
            "item_value": self.item_value,
            "item_category": self.category,
        }


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


_KINDS: dict[str, tuple[type[Planted | LongLog], dict[str, Any]]] = {
    "planted_interests": (Planted, PLANTED),
    "taobao_sized": (LongLog, SIZED),
}
