"""Training samples for the nodes of a tree: each positive for nodes above its item, and for others beside them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from blockrec.data.arrow import Array
from blockrec.data.batching.batches import Batch, Gather, Index, Split
from blockrec.data.batching.permutation import Key
from blockrec.data.sampling.counter import uniform
from blockrec.data.tree.nodes import Nodes
from blockrec.data.tree.plan import TreePlan
from blockrec.diagnostics import fail
from blockrec.jagged import Jagged

_LEVELS, _NODES = 2, 3
"""Tell these random numbers from others of the same seed."""


@dataclass(frozen=True)
class Expansion:
    """Which nodes stand beside samples, decided by sample and epoch alone."""

    nodes: Nodes
    plan: TreePlan

    @cached_property
    def beside(self) -> tuple[int, ...]:
        """How many negatives each level from 1 on has for a sample: none where there is one node alone."""
        given, tree = self.plan.negatives, self.nodes.tree
        return tuple(
            given[min(level, len(given)) - 1] if len(tree.numbers(level)) > 1 else 0
            for level in range(1, tree.depth + 1)
        )

    @property
    def repeated(self) -> int:
        """Rows that a sample becomes, at most."""
        kept = (
            round(self.plan.share * (self.nodes.tree.depth - 1)) if self.plan.share < 1 else self.nodes.tree.depth - 1
        )
        inner = sorted(self.beside[:-1], reverse=True)[:kept]
        return kept + 1 + sum(inner) + self.beside[-1]

    def rows(self, samples: Index, items: Index, key: Key) -> tuple[Index, Index, Index]:
        """Of samples with these items: places in `samples`, nodes, and labels; a node above the item has label 1."""
        levels = self.levels(samples, key)
        owner, nodes, labels = [], [], []
        for level in range(1, self.nodes.tree.depth + 1):
            here = np.flatnonzero(levels[:, level - 1])
            above = self.nodes.tree.above(items[here], level)
            count = self.beside[level - 1]
            other = self._beside(np.repeat(samples[here], count), np.repeat(above, count), level, key)
            owner += [here, np.repeat(here, count)]
            nodes += [above, other]
            labels += [np.ones(len(above), np.int64), np.zeros(len(other), np.int64)]
        return np.concatenate(owner), np.concatenate(nodes), np.concatenate(labels)

    def levels(self, samples: Index, key: Key) -> Array:
        """[n, depth] whether a level is kept for a sample; the lowest one always is.

        Levels are drawn without replacement with odds as `favour` says: those with the largest log(u) / odds.
        """
        inner = self.nodes.tree.depth - 1
        kept = np.ones((len(samples), inner + 1), bool)
        if self.plan.share < 1 and inner:
            level = np.arange(1, inner + 1)
            odds = {"uniform": np.ones(inner), "arithmetic": level, "reciprocal": 1 / (inner + 1.0 - level)}
            places = samples[:, None] * inner + np.arange(inner)
            rank = np.log1p(-uniform(places.reshape(-1), *key, _LEVELS)).reshape(places.shape) / odds[self.plan.favour]
            kept[:, :inner] = rank.argsort(axis=1).argsort(axis=1) >= inner - round(self.plan.share * inner)
        return kept

    def _beside(self, samples: Index, above: Index, level: int, key: Key) -> Index:
        """[n] other nodes of the level."""
        first = self.nodes.tree.starts[level]
        bounds = self._bounds[level - 1]
        number = np.arange(len(samples)) % max(1, self.beside[level - 1])
        numbers = uniform(samples * max(1, self.beside[level - 1]) + number, *key, level, _NODES)
        own = above - first
        below, width = bounds[own], bounds[own + 1] - bounds[own]
        drawn = numbers * (bounds[-1] - width)
        drawn = drawn + np.where(drawn >= below, width, 0)  # the own node's part is stepped over
        found = np.minimum(np.searchsorted(bounds, drawn, side="right") - 1, len(bounds) - 2)
        again = found == own  # by rounding, at the borders of its part
        return np.asarray(first + np.where(again, np.where(own > 0, own - 1, own + 1), found))

    @cached_property
    def _bounds(self) -> list[Array]:
        """For each level from 1 on, cumulated weights of its nodes, from 0 on."""
        tree, weights = self.nodes.tree, self.nodes.weights
        parts: list[Array] = [
            weights[tree.starts[level] : tree.starts[level + 1]] for level in range(1, tree.depth + 1)
        ]
        if self.plan.draw == "uniform":
            parts = [np.ones(len(part)) for part in parts]
        return [np.concatenate([[0.0], np.cumsum(part)]) for part in parts]


@dataclass(frozen=True)
class NodeGather(Gather):
    """Gathers samples as their expansions; rows of one sample do not stand together. positive: which samples it has."""

    expansion: Expansion | None = None
    positive: Index | None = None

    def batch(self, rows: Index, key: Key = (0, 0)) -> Batch:
        """Each of the positive samples `rows` with each of its nodes in place of the item."""
        assert self.expansion is not None and self.positive is not None
        samples, nodes = self.positive[rows], self.expansion.nodes
        owner, node, labels = self.expansion.rows(samples, nodes.find(self.columns[nodes.key][samples]), key)
        batch = super().batch(samples[owner], key)
        for name in nodes.columns.keys() & batch.keys():
            batch[name] = _like(batch[name], nodes.columns[name][node])
        label = self.expansion.plan.label
        return {**batch, label: _like(batch[label], labels)}

    def lengths(self, rows: Index) -> Index:
        """Steps of all rows that a sample becomes, and a token more for each row but one."""
        assert self.expansion is not None and self.positive is not None
        return np.asarray((super().lengths(self.positive[rows]) + 1) * self.expansion.repeated - 1)


def _like(values: Tensor | Jagged, others: Array) -> Tensor:
    """Others, as the type that a batch has."""
    assert isinstance(values, Tensor)
    return torch.from_numpy(others).to(values.dtype)


def expanded(train: Split, nodes: Nodes, plan: TreePlan) -> Split:
    """The positive samples, which training sees. E209 if nothing reads the label, E505 if none is positive."""
    if plan.label not in train.gather.labels:
        help = "a tree is trained by a task on this label"
        raise fail("E209", f"no task or loss reads `{plan.label}`, by which a tree is trained", plan.at, help=help)
    rows = np.arange(train.first, train.first + train.rows)
    positive = rows[train.gather.columns[plan.label][rows] > 0]
    if not len(positive):
        raise fail("E505", f"no training sample has `{plan.label}` above 0", plan.at)
    parts = {f.name: getattr(train.gather, f.name) for f in fields(Gather)}
    gather = NodeGather(**parts, expansion=Expansion(nodes, plan), positive=positive)
    return replace(train, gather=gather, first=0, rows=len(positive))
