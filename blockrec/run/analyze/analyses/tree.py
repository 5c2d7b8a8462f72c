"""What a search down a tree finds of what scoring every item does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from blockrec.data.batching.batches import Index
from blockrec.every import Every
from blockrec.metrics.places import Places
from blockrec.run.analyze.findings import Findings, Lines, Listing, Row
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.subject import Subject
from blockrec.run.beam import Beam, Reached
from blockrec.run.catalogue import Ranker
from blockrec.run.measure import chosen_split
from blockrec.run.modes import measuring
from blockrec.run.settings import Ranked
from blockrec.run.tree_ranking import beam_of, unseen

EXACT = "every item"


def _needs(subject: Subject) -> str | None:
    if subject.loaded.nodes is None:
        return "it was not trained over a tree: `data: {tree: ...}`"
    return None if subject.loaded.tasks else "no task of it has a metric"


@analysis("tree", needs=_needs)
def tree(
    subject: Subject,
    *,
    k: int = 50,
    beams: list[int] = [10, 20, 50, 100, 200, 500],
    split: Literal["train", "valid", "test"] = "test",
    rows: int = 200,
) -> Findings:
    """How much of what scoring every item finds does a search down the tree find, and at which cost?

    For samples whose label is above 0 and whose item is in the tree: the share of the k best items of all that a search
    finds among its own k best, the share of samples whose own item is among the k best (recall@k), and how many nodes
    are scored for a sample. Seen items are left out if `eval.catalogue.seen` says so. If little of what is best is
    found, inner nodes have learned little of what is below them, or the tree puts unlike items side by side; `blockrec
    tree` makes another one.

    Args:
        k: how many items are retrieved.
        beams: how many nodes of each level are opened.
        split: the samples.
        rows: so many of them at most.
    """
    beam, samples, target, drop = _asked(subject, split, rows)
    found = {str(width): Found(k) for width in sorted({*beams})} | {EXACT: Found(k)}
    every = Every()
    with measuring(subject.model):
        for part in _parts(len(samples), max(1, beam.size // len(beam.catalogue))):
            mine, own = samples[part], target[part]
            best = unseen(beam.every(mine), mine, own, beam.catalogue, drop)
            for name, counted in found.items():
                reached = (
                    best if name == EXACT else unseen(beam.reached(mine, int(name)), mine, own, beam.catalogue, drop)
                )
                counted.add(reached, best, own)
            if every.due():
                subject.log.say(f"tree: {min(part.stop, len(samples)):,} of {len(samples):,} samples")
    return _told(found, k, len(samples), len(beam.catalogue), split)


@dataclass
class Found:
    """Sums over samples: best items that were found, own items that were, nodes scored."""

    k: int
    samples: int = 0
    best: int = 0
    possible: int = 0
    own: int = 0
    scored: int = 0

    def add(self, reached: Reached, best: Reached, target: Index) -> None:
        """What was reached of samples, all that there is, and their own items."""
        first, ideal = reached.first(self.k), best.first(self.k)
        number = int(max(best.items.max(initial=0), target.max(initial=0))) + 1
        self.best += len(np.intersect1d(first.owner * number + first.items, ideal.owner * number + ideal.items))
        self.possible += len(ideal.items)
        self.own += int((first.items == target[first.owner]).sum())
        self.samples += len(target)
        self.scored += reached.scored

    @property
    def row(self) -> tuple[float, float, int]:
        """Share of the best, share of the own, nodes a sample."""
        count = max(1, self.samples)
        return self.best / max(1, self.possible), self.own / count, round(self.scored / count)


def _asked(subject: Subject, split: str, rows: int) -> tuple[Beam, Index, Index, bool]:
    """The search, samples [n], the places of their items [n], and whether seen items are left out."""
    loaded, task = subject.loaded, subject.loaded.tasks[0]
    nodes = loaded.nodes
    assert nodes is not None
    settings = replace(loaded.evaluation.catalogue or Ranked((nodes.key,), False, None), rows=rows)
    dataset = subject.loaded.dataset(subject.log)
    part = dataset.splits[chosen_split(dataset, split)]
    beam, _ = beam_of(subject.model, task, nodes, part, loaded.batch_size, loaded.device)
    samples, target = Ranker(dataset.splits, settings, nodes=nodes).asked(task, part, beam.catalogue, Places())
    return beam, samples, target, settings.drop_seen


def _parts(rows: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, rows, size))


def _told(found: dict[str, Found], k: int, samples: int, items: int, split: str) -> Findings:
    header = ["nodes opened a level", f"of the {k} best", f"recall@{k}", "scored a sample"]
    rows: list[Row] = [[name, *counted.row] for name, counted in found.items()]
    beams = {name: counted.row for name, counted in found.items() if name != EXACT}
    series = {
        f"of the {k} best": [(float(name), row[0]) for name, row in beams.items()],
        f"recall@{k}": [(float(name), row[1]) for name, row in beams.items()],
    }
    values = {
        f"{what}@{name}": value
        for name, counted in found.items()
        for what, value in zip(("best", "recall", "scored"), counted.row, strict=True)
    }
    title = f"{samples:,} samples of {split}, {items:,} items"
    notes = [] if samples else ["No sample of it has a label above 0 and an item of the tree."]
    return Findings(
        [Listing(title, header, rows)], [Lines("what a search finds", "nodes opened a level", series)], values, notes
    )
