"""Ranks the whole catalogue for each positive of a split: every item of the training part is scored in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch

from blockrec.data.batching.batches import Index, Split
from blockrec.data.batching.catalogue import Catalogue, alike, histories
from blockrec.data.dataset import Dataset
from blockrec.data.tree.nodes import Nodes
from blockrec.every import Every
from blockrec.language.features import Features
from blockrec.metrics.measure import Array
from blockrec.metrics.places import Places
from blockrec.run.modes import measuring
from blockrec.run.progress import duration
from blockrec.run.scorers import Apart, Pairs, Scorer, slices
from blockrec.run.settings import Evaluate, Ranked
from blockrec.run.task import Task
from blockrec.run.towers import Towers


@dataclass(frozen=True)
class Ranker:
    """splits: by name; the items of `train` are ranked. say: is told how far a long ranking is.

    nodes: of the tree over the items, if there is one.
    """

    splits: Mapping[str, Split]
    settings: Ranked
    say: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = perf_counter
    nodes: Nodes | None = None

    def doubts(self, model: Any, tasks: Sequence[Task]) -> Iterator[str]:
        """What may be wrong with the features that belong to an item."""
        asked = [task.name for task in tasks if task.of_catalogue]
        needed = model.only(*asked).graph_ir.used_features() if asked else []
        for name in alike(self.splits["train"], self.settings.items, needed) if asked else ():
            yield (
                f"`{name}` has one value for each item: if it belongs to the item, add it to `eval.catalogue.items`, "
                "else all items get that of the one that is asked for"
            )

    def places(
        self,
        model: Any,
        task: Task,
        name: str,
        *,
        batch_size: int,
        device: torch.device,
        stop: Callable[[], bool],
    ) -> Places | None:
        """Where the positives of a task stand on the split `name`; None if `stop()` said so on the way.

        batch_size: samples, or samples with an item, that go through the model at a time.
        """
        predictor = model.only(task.name)
        catalogue = Catalogue.of(self.splits["train"], self.settings.items, predictor.graph_ir.used_features())
        towers = Towers.of(model, task.name, self.settings.items)
        parts = [predictor] if towers is None else [towers.query, towers.item]
        with measuring(model, *parts):
            if towers is None:
                return self.placed(Pairs(model, predictor, task, catalogue, batch_size, device), task, name, stop)
            return self.placed(Apart(towers, catalogue, batch_size, device), task, name, stop)

    def placed(self, scorer: Scorer, task: Task, name: str, stop: Callable[[], bool] = lambda: False) -> Places | None:
        """As `places`, by whatever gives scores."""
        found, catalogue = Places(), scorer.catalogue
        known, target = self.asked(task, self.splits[name], catalogue, found)
        every = Every(now=self.now)
        for part in slices(len(known), scorer.at_a_time):
            scores = scorer.scores(known[part])
            found.add(self._ranked(scores, known[part], target[part], catalogue), target[part])
            if stop():
                return None
            if every.due():
                self.say(line(f"{name} catalogue", min(part.stop, len(known)), len(known), every.elapsed))
        return found

    def asked(self, task: Task, split: Split, catalogue: Catalogue, found: Places) -> tuple[Index, Index]:
        """Samples whose label is above 0 and whose item is in the catalogue, and its place there."""
        columns = split.gather.columns
        rows = split.first + np.arange(split.rows)
        wanted = columns[task.label][rows] > 0
        if task.mask is not None:
            wanted &= columns[task.mask][rows].reshape(len(rows), -1)[:, 0] != 0
        rows = rows[wanted]
        if self.settings.rows is not None and len(rows) > self.settings.rows:
            rows = rows[np.sort(np.random.default_rng(0).permutation(len(rows))[: self.settings.rows])]
        target = catalogue.places(columns[catalogue.key][rows])
        found.missing = int((target < 0).sum())
        found.details = {
            "lists": len(rows),
            "items": len(catalogue),
            "missing": found.missing,
            "seen": "drop" if self.settings.drop_seen else "keep",
        }
        return rows[target >= 0], target[target >= 0]

    def _ranked(self, scores: Array, rows: Index, target: Index, catalogue: Catalogue) -> Array:
        """The scores without those of seen items that are not asked for."""
        if self.settings.drop_seen:
            own = scores[np.arange(len(rows)), target]
            scores[catalogue.seen(rows)] = -np.inf
            scores[np.arange(len(rows)), target] = own
        return scores


def ranker_of(dataset: Dataset, evaluation: Evaluate, say: Callable[[str], None]) -> Ranker | None:
    """What ranks the items of a dataset; None if the file does not say what an item is."""
    catalogue = evaluation.catalogue
    return Ranker(dataset.splits, catalogue, say, nodes=dataset.nodes) if catalogue else None


def ranked_columns(evaluation: Evaluate, features: Features) -> set[str]:
    """What a ranking reads besides what the model does: which item it is, and which items were met."""
    settings = evaluation.catalogue
    if settings is None:
        return set()
    key = settings.items[0]
    met = histories(features.features.values(), key) if settings.drop_seen else []
    return {key, *(feature.name for feature in met)}


def line(title: str, done: int, lists: int, seconds: float) -> str:
    """`test catalogue 24% eta 1m`."""
    return f"{title} {done / lists:.0%} eta {duration(seconds * (lists - done) / done)}"
