"""A run as analyses see it: loaded when they ask for it, with their choice of weights and data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from blockrec.data import Dataset
from blockrec.graph.ir import Graph
from blockrec.graph.lower import Model
from blockrec.run.batches import Batch, Split, moved, rows_in
from blockrec.run.load import Loaded, load_run
from blockrec.run.log import Log
from blockrec.run.measure import chosen_split
from blockrec.run.modes import measuring
from blockrec.run.tracked import Tracked


@dataclass(frozen=True)
class Subject:
    """path: the run's directory. checkpoint, imports, device: see `load_run`."""

    path: Path
    log: Log
    checkpoint: str | None = None
    imports: Sequence[str] = ()
    device: str | None = None

    @cached_property
    def loaded(self) -> Loaded:
        """The run with its weights."""
        return load_run(self.path, checkpoint=self.checkpoint, sets=self.sets, imports=self.imports, device=self.device)

    @property
    def sets(self) -> tuple[str, ...]:
        """What is changed in the document: lookups are not fused, so that analyses see what goes between nodes."""
        return ("fuse=false",)

    @property
    def graph(self) -> Graph:
        return self.loaded.graph

    @property
    def model(self) -> Model:
        return self.loaded.model

    def dataset(self, more: Collection[str] = ()) -> Dataset:
        """The run's data: what the model reads, and the features and labels `more`."""
        return self.loaded.dataset(self.log, dict.fromkeys([*self.graph.used_features(), *more]))

    def split(self, dataset: Dataset, name: str) -> Split:
        """`train`, `valid` or `test`; E501 if it has no samples."""
        return dataset.splits[chosen_split(dataset, name)]

    def passed(self, split: Split, what: str, rows: int | None = None, *, batch_size: int = 0) -> Iterator[Batch]:
        """Batches of the first `rows` samples (None: of all) on the device, in evaluation mode and with progress."""
        size = batch_size or self.loaded.batch_size
        batches = Tracked(split, what, self.log).batches(min(size, rows or size))
        done = 0
        with measuring(self.model):
            for batch in batches:
                yield moved(batch, self.loaded.device)
                done += rows_in(batch)
                if rows is not None and done >= rows:
                    return


def whole(value: torch.Tensor) -> torch.Tensor:
    """On the CPU, as 64-bit floats."""
    return value.detach().cpu().double()
