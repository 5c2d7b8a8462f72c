"""What an approximate search among the items finds of what an exact one does, and how long both take."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Literal

import numpy as np

from blockrec.data.batching.batches import Index as Rows
from blockrec.diagnostics import BlockrecError
from blockrec.metrics.measure import Array
from blockrec.metrics.places import Places
from blockrec.run.analyze.findings import Findings, Listing, Row
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.subject import Subject, whole
from blockrec.run.batches import moved
from blockrec.run.catalogue import Ranker
from blockrec.run.index import EXACT, Index
from blockrec.run.measure import chosen_split
from blockrec.run.modes import measuring
from blockrec.run.scorers import slices
from blockrec.run.task import values_of
from blockrec.run.towers import QUERY
from blockrec.run.vectors import Retrieval, retrieving

KS = (10, 50, 100)


def _needs(subject: Subject) -> str | None:
    try:
        retrieving(subject.loaded, None, None)
    except BlockrecError as mistake:
        return next(iter(mistake.diagnostics)).message
    return None


@analysis("index", needs=_needs)
def index(
    subject: Subject,
    *,
    kind: str = "HNSW32",
    search: str = "efSearch=64",
    k: int = 100,
    split: Literal["train", "valid", "test"] = "test",
) -> Findings:
    """What does an approximate search for items find of what an exact one does, and how fast?

    For each sample with a positive label the k best items are searched for by the vectors of the query, one or
    several; seen items are left out if `eval.catalogue` says so. Hits are those of the item that is asked for; `found`
    is the share of the exact lists. Times are of one search with all queries, on the threads of the process.

    Args:
        kind: index of faiss, in the words of its factory, e.g. HNSW32 or IVF256,Flat.
        search: settings of faiss, e.g. efSearch=64 or nprobe=8.
        k: length of the lists.
        split: the samples.
    """
    retrieval = Retrieval.of(subject.loaded, subject.log)
    part = chosen_split(retrieval.dataset, split)
    asked = Asked.of(retrieval, part, k)
    exact = asked.lists(retrieval.index())
    rows: list[Row] = []
    for name, found in ((EXACT, exact), (kind, asked.lists(retrieval.index(kind, search)))):
        same = np.mean(
            [len({*a} & {*b} - {-1}) / max(1, (b >= 0).sum()) for a, b in zip(found.items, exact.items, strict=True)]
        )
        rows.append([name, float(same), *(asked.hits(found, top) for top in _tops(k)), 1e3 * found.seconds])
    hits = [f"hit@{top}" for top in _tops(k)]
    values = {f"{name}/{row[0]}": float(x) for row in rows for name, x in zip(["found", *hits], row[1:], strict=False)}  # type: ignore[arg-type]
    title = f"{len(asked.target):,} lists of {k} of {len(retrieval.scorer.catalogue):,} items, {split}"
    return Findings([Listing(title, ["index", "found", *hits, "ms for all"], rows)], (), values)


def _tops(k: int) -> list[int]:
    return [top for top in KS if top < k] + [k]


@dataclass(frozen=True)
class Lists:
    """items: [n, k] places of items, best first, −1 behind the end. seconds: of the searches."""

    items: Array
    seconds: float


@dataclass(frozen=True)
class Asked:
    """Samples [n] with the places of the items that they ask for."""

    retrieval: Retrieval
    rows: Rows
    target: Rows
    missing: int
    k: int
    drop_seen: bool

    @classmethod
    def of(cls, retrieval: Retrieval, split: str, k: int) -> Asked:
        """All samples whose label is above 0."""
        settings = retrieval.loaded.evaluation.catalogue
        assert settings is not None
        places, splits = Places(), retrieval.dataset.splits
        ranker = Ranker(splits, settings)
        rows, target = ranker.asked(retrieval.task, splits[split], retrieval.scorer.catalogue, places)
        return cls(retrieval, rows, target, places.missing, k, settings.drop_seen)

    def hits(self, lists: Lists, top: int) -> float:
        """Share of the samples, those that ask for unknown items too, whose item is among the first `top`."""
        return float((lists.items[:, :top] == self.target[:, None]).sum() / max(1, len(self.target) + self.missing))

    def lists(self, index: Index) -> Lists:
        """The k best items of each sample."""
        towers, device = self.retrieval.scorer.towers, self.retrieval.loaded.device
        found, seconds = [], 0.0
        with measuring(self.retrieval.loaded.model, towers.query):
            for part in slices(len(self.rows), self.retrieval.loaded.batch_size):
                batch = self.retrieval.scorer.catalogue.others.batch(self.rows[part])
                query = towers.query(moved(batch, device))[QUERY]
                owners = query.rows.cpu().numpy() if hasattr(query, "rows") else np.arange(len(query))
                vectors, seen = whole(values_of(query)).numpy(), self._seen(part)
                most = self.k + (int(np.bincount(seen[0]).max(initial=0)) if len(seen[0]) else 0)
                start = perf_counter()
                places, scores = index.search(vectors, most)
                seconds += perf_counter() - start
                found.append(self._best(owners, places, scores, seen, self.target[part]))
        return Lists(np.concatenate(found), seconds)

    def _seen(self, part: slice) -> tuple[Rows, Rows]:
        if self.drop_seen:
            return self.retrieval.scorer.catalogue.seen(self.rows[part])
        return np.zeros(0, np.int64), np.zeros(0, np.int64)

    def _best(self, owners: Rows, places: Array, scores: Array, seen: tuple[Rows, Rows], target: Rows) -> Array:
        """[n, k] of what several queries of a sample found, each item once, without seen ones."""
        items = len(self.retrieval.scorer.catalogue)
        owner, place, score = np.repeat(owners, places.shape[1]), places.reshape(-1), scores.reshape(-1)
        refused = np.isin(owner * items + place, seen[0] * items + seen[1]) & (place != target[owner])
        kept = (place >= 0) & ~refused
        owner, place, score = owner[kept], place[kept], score[kept]
        order = np.argsort(-score, kind="stable")
        _, first = np.unique((owner * items + place)[order], return_index=True)
        once = order[np.sort(first)]
        once = once[np.argsort(owner[once], kind="stable")]
        starts = np.searchsorted(owner[once], np.arange(len(target)))
        rank = np.arange(len(once)) - starts[owner[once]]
        lists = np.full((len(target), self.k), -1)
        near = rank < self.k
        lists[owner[once][near], rank[near]] = place[once][near]
        return lists
