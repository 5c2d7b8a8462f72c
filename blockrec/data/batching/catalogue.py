"""The items of the training samples: each with all its features, to be put into any sample."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from blockrec.data.arrow import Array
from blockrec.data.batching.batches import Batch, Gather, Index, Split
from blockrec.data.tree.nodes import Nodes
from blockrec.jagged import Jagged
from blockrec.language.features import Column, Feature

TELLING = 50


@dataclass(frozen=True)
class Catalogue:
    """Items as the model sees them: those with the same row of the table are one.

    ids: [i] the values of the feature that tells them apart, ascending. rows: [i] where `own` finds each: by its last
    training sample.
    own, others: what is gathered of an item, and of everything else of a sample. met: item ids of histories.
    """

    ids: Array
    rows: Index
    key: str
    own: Gather
    others: Gather
    met: tuple[Gather, ...]

    @classmethod
    def of(cls, train: Split, names: Collection[str], needed: Collection[str]) -> Catalogue:
        """names: features of an item, the first one tells them apart. needed: features that a batch has to have."""
        gather, key = train.gather, next(iter(names))
        values = gather.columns[key][train.first : train.first + train.rows]
        ids, last = np.unique(values[::-1], return_index=True)
        rows = train.first + train.rows - 1 - last
        own = _part(gather, [f for f in gather.features if f.name in names and f.name in needed])
        others = _part(gather, [f for f in gather.features if f.name not in names and f.name in needed])
        return cls(ids, rows, key, own, others, _met(gather, key))

    @classmethod
    def of_nodes(cls, nodes: Nodes, gather: Gather, needed: Collection[str]) -> Catalogue:
        """Of the items of a tree, as nodes that have numbers; needs no training samples."""
        features = [f for f in gather.features if f.name in needed]
        own = _part(gather, [f for f in features if f.name in nodes.columns])
        others = _part(gather, [f for f in features if f.name not in nodes.columns])
        leaves = nodes.tree.above(np.arange(len(nodes.rows)), nodes.tree.depth)
        own = replace(own, columns={**nodes.columns})
        return cls(nodes.rows, leaves, nodes.key, own, others, _met(gather, nodes.key))

    def __len__(self) -> int:
        return len(self.ids)

    def places(self, values: Array) -> Index:
        """[n] the place of each item among `ids`; −1 for one that is not there."""
        found = np.searchsorted(self.ids, values)
        known = np.append(self.ids, 0)[found] == values
        return np.where(known & (found < len(self.ids)), found, -1)

    def batch(self, samples: Index, items: Index) -> Batch:
        """The samples [n], each with the item [n] in place of its own."""
        return {**self.others.batch(samples), **self.own.batch(self.rows[items])}

    def seen(self, samples: Index) -> tuple[Index, Index]:
        """(sample, item) pairs: which items the whole history of each of `samples` has, by their places."""
        owners, items = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for gather in self.met:
            (sequence,) = gather.batch(samples).values()
            assert isinstance(sequence, Jagged)
            places = self.places(sequence.values.numpy())
            owners.append(sequence.rows.numpy()[places >= 0])
            items.append(places[places >= 0])
        return np.concatenate(owners), np.concatenate(items)


def alike(train: Split, names: Collection[str], needed: Collection[str]) -> list[str]:
    """Other features that have one value for each item in all training samples, and not one for all of them.

    They may belong to the item. Nothing is said of fewer than `TELLING` pairs of samples with the same item.
    """
    columns, rows = train.gather.columns, slice(train.first, train.first + train.rows)
    key = columns[next(iter(names))][rows]
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    found = []
    for feature in train.gather.features if len(same) >= TELLING else ():
        if feature.name in needed and feature.name not in names and feature.axis is None and feature.name in columns:
            values = columns[feature.name][rows][order].reshape(train.rows, -1)
            if (values[same + 1] == values[same]).all() and not (values == values[0]).all():
                found.append(feature.name)
    return found


def histories(features: Collection[Feature], key: str) -> list[Feature]:
    """The fields of sequences that hold ids of the same table as the feature `key`."""
    root = next((f.root for f in features if f.name == key), key)
    return [f for f in features if f.sequence and f.kind == "id" and f.root == root and isinstance(f.source, Column)]


def _met(gather: Gather, key: str) -> tuple[Gather, ...]:
    """What gathers the item ids of histories."""
    return tuple(_untruncated(_part(gather, [f])) for f in histories(gather.features, key))


def _part(gather: Gather, features: list[Feature]) -> Gather:
    axes = {f.axis for f in features}
    sequences = {name: sequence for name, sequence in gather.sequences.items() if name in axes}
    return replace(gather, features=tuple(features), sequences=sequences, labels=(), step_labels={})


def _untruncated(gather: Gather) -> Gather:
    return replace(gather, sequences={name: replace(s, max_len=None) for name, s in gather.sequences.items()})
