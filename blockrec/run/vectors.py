"""The vectors of all items of a run's data, as its item tower has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from blockrec.data import Dataset
from blockrec.data.batching.catalogue import Catalogue
from blockrec.diagnostics import Span, did_you_mean, fail
from blockrec.ops.nearness import Nearness
from blockrec.run.columns import Columns
from blockrec.run.evaluate import Task
from blockrec.run.index import EXACT, Index
from blockrec.run.load import Loaded
from blockrec.run.log import Log
from blockrec.run.modes import measuring
from blockrec.run.scorers import Apart
from blockrec.run.towers import Towers


@dataclass(frozen=True)
class Retrieval:
    """A run whose task is the similarity of two towers, its data, and what scores all items."""

    loaded: Loaded
    dataset: Dataset
    task: Task
    scorer: Apart

    @classmethod
    def of(cls, loaded: Loaded, log: Log, task: str | None = None, at: Span | None = None) -> Retrieval:
        """task: default the first one that is such a similarity. Raises `BlockrecError`: E709 if there is none."""
        found, towers = retrieving(loaded, task, at)
        settings = loaded.evaluation.catalogue
        assert settings is not None
        dataset = loaded.dataset(log)
        needed = loaded.model.only(found.name).graph_ir.used_features()
        catalogue = Catalogue.of(dataset.splits["train"], settings.items, needed)
        return cls(loaded, dataset, found, Apart(towers, catalogue, loaded.batch_size, loaded.device))

    @property
    def nearness(self) -> Nearness:
        found: Nearness = self.scorer.towers.score.nearness
        return found

    def index(self, kind: str = EXACT, search: str = "") -> Index:
        """Over all items of the training samples."""
        with measuring(self.loaded.model, self.scorer.towers.item):
            vectors = self.scorer.items.float().cpu().numpy()
        temperature = float(self.scorer.towers.score.temperature)
        return Index.of(np.ascontiguousarray(vectors), self.ids(), self.nearness, temperature, kind, search)

    def ids(self) -> pa.Table:
        """What the data say of each item: its id first, null for the row of unknown ones."""
        own = self.scorer.catalogue.own
        names = [f.name for f in own.features]
        names.sort(key=lambda name: name != self.scorer.catalogue.key)
        columns = Columns.of(self.loaded.document.features, names, self.dataset, {}, False)
        return columns.table("train", own.batch(self.scorer.catalogue.rows), {})


def retrieving(loaded: Loaded, name: str | None, at: Span | None) -> tuple[Task, Towers]:
    """The task of that name, or the first one, that is a similarity of two towers; E207 and E709 if there is none."""
    tasks = [task for task in loaded.tasks if name in (None, task.name)]
    if not tasks:
        help = did_you_mean(str(name), [task.name for task in loaded.tasks], "a task with metrics")
        raise fail("E207", f"there is no task `{name}` to retrieve by", at, help=help)
    for task in tasks:
        if towers := _towers(loaded, task):
            return task, towers
    help = "logits: {block: similarity, in: {query: ..., item: ...}}, and eval: {catalogue: {items: [...]}}"
    raise fail("E709", "the model has no task that is a similarity of a query and an item of its own", at, help=help)


def _towers(loaded: Loaded, task: Task) -> Towers | None:
    settings = loaded.evaluation.catalogue
    found = Towers.of(loaded.model, task.name, settings.items) if settings is not None else None
    return found if found is not None and hasattr(found.score, "nearness") else None
