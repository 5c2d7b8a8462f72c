"""Which feature of the target and which field of its history are kinds of one thing: categories, most often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blockrec.diagnostics import did_you_mean, fail
from blockrec.graph.ir import Graph
from blockrec.graph.lower import own_path
from blockrec.jagged import Jagged
from blockrec.language.features import Feature, Position
from blockrec.run.batches import Batch

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """root: the feature that owns the ids. target, behaviour: where a batch has those of the target, of the steps."""

    root: str
    target: str
    behaviour: str


@dataclass(frozen=True)
class Steps:
    """The steps of a batch, one after another: kind of the target, kind of the step, its place from the end (1 is the
    newest). offsets [b + 1]."""

    target: Ints
    behaviour: Ints
    place: Ints
    offsets: Ints


def kinds_of(graph: Graph) -> list[Kind]:
    """Those that a model declares, the one with the fewest rows first."""
    features = graph.features.values()
    targets = {f.root: f.name for f in features if f.kind == "id" and f.axis is None and not _is_place(f, graph)}
    fields = [f for f in features if f.kind == "id" and f.sequence is not None and f.root in targets]
    found = {f.root: Kind(f.root, targets[f.root], f.name) for f in reversed(fields)}
    return sorted(found.values(), key=lambda kind: _rows(graph.features[kind.root]))


def chosen_kind(graph: Graph, name: str) -> Kind:
    """The kind called `name`, by default the first; E208 if there is none."""
    kinds = {kind.root: kind for kind in kinds_of(graph)}
    if name and name not in kinds:
        help = did_you_mean(name, kinds, f"one of {', '.join(kinds)}")
        raise fail("E208", f"target and history share no feature `{name}`", help=help)
    return kinds[name] if name else next(iter(kinds.values()))


def no_kind(graph: Graph) -> str | None:
    """Why target and history cannot be compared."""
    return None if kinds_of(graph) else "target and history share no feature with ids (`like:`)"


def steps_of(batch: Batch, kind: Kind) -> Steps:
    """All steps of a batch."""
    history = batch[kind.behaviour]
    target = batch[kind.target]
    assert isinstance(history, Jagged) and not isinstance(target, Jagged)
    rows, offsets = history.rows.cpu().numpy(), history.offsets.cpu().numpy()
    place = offsets[rows + 1] - np.arange(len(rows))
    return Steps(target.cpu().numpy()[rows], history.values.cpu().numpy(), place, offsets)


def tables_beside(graph: Graph, kind: Kind) -> list[str]:
    """Paths of the tables of all features but this kind and places in a history."""
    others = [
        (table, root)
        for table, root in graph.tables()
        if root != kind.root and not _is_place(graph.features[root], graph)
    ]
    return [own_path(f"tables.{table}.{root}") for table, root in others]


def _is_place(feature: Feature, graph: Graph) -> bool:
    return isinstance(graph.features[feature.root].source, Position)


def _rows(feature: Feature) -> int:
    return feature.vocab if isinstance(feature.vocab, int) else 2**62
