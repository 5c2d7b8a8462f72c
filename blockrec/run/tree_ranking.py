"""Ranks what a search down the tree reaches, for each positive of a split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from blockrec.data.batching.batches import Batch, Index, Split
from blockrec.data.batching.catalogue import Catalogue
from blockrec.data.tree.nodes import Nodes
from blockrec.every import Every
from blockrec.metrics.places import Places
from blockrec.run.batches import moved
from blockrec.run.beam import Beam, Reached
from blockrec.run.catalogue import Ranker, line
from blockrec.run.modes import measuring
from blockrec.run.task import Task, predictions

WIDEST = 100
"""Twice so many nodes are opened for metrics without a k."""


def beam_of(model: Any, task: Task, nodes: Nodes, split: Split, size: int, device: torch.device) -> tuple[Beam, Any]:
    """What searches the tree by the predictions of a task, and the part of the model that makes them."""
    part = model.only(task.name)

    def score(batch: Batch) -> Any:
        return predictions(model, task, part(moved(batch, device))[task.name])

    return Beam.of(nodes, split.gather, part.graph_ir.used_features(), score, size), part


def width_of(task: Task, wish: int | None) -> int:
    """Nodes of a level that are opened."""
    return wish or 2 * max([metric.k or WIDEST for metric in task.of_tree], default=WIDEST)


def tree_places(
    ranker: Ranker,
    nodes: Nodes,
    model: Any,
    task: Task,
    name: str,
    *,
    batch_size: int,
    device: torch.device,
    stop: Callable[[], bool],
) -> Places | None:
    """Where the positives of a task stand among what is reached on the split `name`; None if `stop()` said so."""
    split = ranker.splits[name]
    beam, part = beam_of(model, task, nodes, split, batch_size, device)
    places = Places()
    known, target = ranker.asked(task, split, beam.catalogue, places)
    width, scored, lost = width_of(task, ranker.settings.beam), 0, 0
    at_a_time = max(1, batch_size // (nodes.tree.branching * width))
    every = Every(now=ranker.now)
    with measuring(model, part):
        for start in range(0, len(known), at_a_time):
            rows, wanted = known[start : start + at_a_time], target[start : start + at_a_time]
            reached = beam.reached(rows, width)
            scored += reached.scored
            lost += _place(unseen(reached, rows, wanted, beam.catalogue, ranker.settings.drop_seen), wanted, places)
            if stop():
                return None
            if every.due():
                ranker.say(line(f"{name} tree", start + len(rows), len(known), every.elapsed))
    places.missing += lost
    places.details |= {"beam": width, "lost": lost, "scored": round(scored / max(1, len(known)))}
    return places


def unseen(reached: Reached, rows: Index, target: Index, catalogue: Catalogue, drop_seen: bool) -> Reached:
    """Without seen items that are not asked for."""
    if not drop_seen:
        return reached
    owner, item = catalogue.seen(rows)
    number = len(catalogue)
    seen = np.setdiff1d(owner * number + item, np.arange(len(rows)) * number + target)
    return reached.only(~np.isin(reached.owner * number + reached.items, seen))


def _place(reached: Reached, target: Index, places: Places) -> int:
    """Note where each target stands; how many are not there at all."""
    number = len(target)
    hit = reached.items == target[reached.owner]
    own = np.full(number, np.nan)
    own[reached.owner[hit]] = reached.scores[hit]
    wrong = np.bincount(reached.owner, ~np.isfinite(reached.scores), number) > 0
    found = np.isfinite(own)
    before = np.bincount(reached.owner, reached.scores > own[reached.owner], number).astype(np.int64)
    sizes = np.bincount(reached.owner, reached.scores == own[reached.owner], number).astype(np.int64)
    places.not_finite += int(wrong.sum())
    places.before.append(before[found])
    places.sizes.append(sizes[found])
    return int((~found).sum())
