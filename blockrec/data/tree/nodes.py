"""What the nodes of a tree are to a model: rows of its tables, and values of the other features of an item."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blockrec.cache import digest
from blockrec.data import arrow
from blockrec.data.arrow import Array
from blockrec.data.tree.tree import Index, Tree

FILE = "tree.parquet"
"""Beside the vocabularies of a run."""


@dataclass(frozen=True)
class Nodes:
    """key: the feature that tells items apart. rows: [m] the row of each item in its table, ascending.

    columns: feature → [nodes, ...] values as a batch has them; of `key` the rows, those of inner nodes follow all
    others. weights: [nodes] how many training samples have an item below.
    """

    key: str
    tree: Tree
    rows: Index
    columns: Mapping[str, Array]
    weights: Index

    @property
    def name(self) -> str:
        """Of the tree: the same for equal trees over equal rows."""
        return digest([self.tree.branching, self.tree.depth, self.tree.places.tobytes(), self.rows.tobytes()])

    def find(self, rows: Array) -> Index:
        """[n] the item of each row of the table, by its place in `rows`; −1 for what is not in the tree."""
        place = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        return np.where(self.rows[place] == rows, place, -1)

    def describe(self) -> dict[str, int]:
        """Sizes, as plain data."""
        return {
            "items": len(self.rows),
            "branching": self.tree.branching,
            "depth": self.tree.depth,
            "nodes": len(self.tree),
        }

    def save(self, folder: Path) -> None:
        """Write `tree.parquet`: a row a node."""
        sizes = [len(level) for level in self.tree.levels[1:]]
        table = {
            "level": np.repeat(np.arange(1, 1 + len(sizes)), sizes),
            "place": np.concatenate(self.tree.levels[1:]),
            "samples": self.weights,
            **{f"feature.{name}": values for name, values in self.columns.items()},
        }
        about = {"key": self.key, "branching": self.tree.branching, "depth": self.tree.depth}
        found = arrow.table_of(table).replace_schema_metadata({"blockrec": json.dumps(about)})
        pq.write_table(found, folder / FILE)

    @classmethod
    def load(cls, folder: Path) -> Nodes | None:
        """What `save` wrote; None if there is no tree. Raises `OSError` and `ValueError`."""
        if not (folder / FILE).is_file():
            return None
        table = pq.read_table(folder / FILE)
        about = json.loads(table.schema.metadata[b"blockrec"])
        values = arrow.arrays_of(table)
        columns = {name.removeprefix("feature."): v for name, v in values.items() if name.startswith("feature.")}
        leaves = values["level"] == about["depth"]
        order = np.argsort(columns[about["key"]][leaves])
        tree = Tree(about["branching"], about["depth"], values["place"][leaves][order])
        return cls(about["key"], tree, columns[about["key"]][leaves][order], columns, values["samples"])


def nodes_of(key: str, tree: Tree, rows: Index, first: int, items: Mapping[str, Array], weights: Index) -> Nodes:
    """first: the row of the first inner node. items: feature → [m, ...] values of items; weights: [m] theirs."""
    own = np.concatenate([first + np.arange(tree.inner), rows[tree.items]])
    others = {name: _of_nodes(tree, values) for name, values in items.items() if name != key}
    return Nodes(key, tree, rows, {key: own, **others}, _sums(tree, weights))


def _sums(tree: Tree, weights: Index) -> Index:
    every, found = np.arange(len(weights)), np.zeros(len(tree))
    for level in range(1, tree.depth + 1):
        found += np.bincount(tree.above(every, level), weights, len(tree))
    return found.astype(np.int64)


def _of_nodes(tree: Tree, values: Array) -> Array:
    """[nodes, ...] of whole numbers that most items below have, 0 counting last, of others the mean."""
    every, found = np.arange(len(values)), []
    for level in range(1, tree.depth):
        owner, number = tree.above(every, level) - tree.starts[level], len(tree.numbers(level))
        found.append((_modes if np.issubdtype(values.dtype, np.integer) else _means)(owner, number, values))
    return np.concatenate([*found, values[tree.items]])


def _modes(owner: Index, number: int, values: Array) -> Array:
    """[number] of equally frequent values the smallest."""
    different, place = np.unique(values, return_inverse=True)
    pairs, counts = np.unique(owner * len(different) + place, return_counts=True)
    whose, value = pairs // len(different), different[pairs % len(different)]
    order = np.lexsort((value, -counts, value == 0, whose))
    first = np.flatnonzero(np.diff(whose[order], prepend=-1))
    assert len(first) == number
    return np.asarray(value[order][first])


def _means(owner: Index, number: int, values: Array) -> Array:
    columns: Any = values.reshape(len(values), -1).T
    sums = [np.bincount(owner, column, number) for column in columns]
    means = np.stack(sums, axis=1) / np.bincount(owner, minlength=number)[:, None]
    return means.reshape(number, *values.shape[1:]).astype(values.dtype)


def table_of(values: arrow.Column, tree: Tree) -> Any:
    """The table of leaves that users keep: `item`, as the data have it, and `code`. See `leaves`."""
    about = {b"branching": str(tree.branching).encode()}
    return pa.table({"item": values, "code": tree.codes()}).replace_schema_metadata(about)
