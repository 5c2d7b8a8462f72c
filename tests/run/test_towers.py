"""A catalogue scored by towers apart is ranked as pair by pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blockrec.data.batching.catalogue import Catalogue
from blockrec.run.scorers import Apart, Pairs
from blockrec.run.towers import Towers
from tests.run.test_catalogue import CPU, folder, job_of, measured, ranker

__all__ = ["folder"]
TOWERS = [
    "graph.v=null",
    "graph.x=null",
    "graph.who={block: embed, in: user, dim: 3}",
    "graph.query={block: linear, in: [who, m], out: 4}",
    "graph.what={block: embed, in: [item, kind, tags], dim: 3}",
    "graph.target={block: linear, in: what, out: 4}",
    "tasks.fine=null",
    "tasks.good.loss=squared_error",  # predicts the logit itself, where a probability would be 1 for many
    "tasks.good.metrics=[{hit: {k: [1, 4], over: catalogue}}, {mrr: {over: catalogue}}]",
]
SCORE = "graph.logit={block: similarity, in: {query: query, item: target}, similarity: %s, temperature: 0.7}"
SEVERAL = [
    "graph.each={block: linear, in: h, out: 4}",
    "graph.logit={block: best_similarity, in: {query: each, item: target}, temperature: 2}",
    "graph.who=null",
    "graph.query=null",
    "graph.m=null",
]
KINDS = {kind: [SCORE % kind] for kind in ("dot", "cosine", "euclid")} | {"several": SEVERAL}


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_the_logits_of_pairs(folder: Path, kind: str) -> None:
    job = job_of(folder, *TOWERS, *KINDS[kind])
    (task,), train, test = job.tasks, job.dataset.splits["train"], job.dataset.splits["test"]
    names = ("item", "kind", "tags")
    towers = Towers.of(job.model, "good", names)
    assert towers is not None
    catalogue = Catalogue.of(train, names, job.model.graph_ir.used_features())
    rows, predictor = test.first + np.arange(test.rows), job.model.only("good")
    with torch.no_grad():
        apart = Apart(towers, catalogue, 7, CPU).scores(rows)
        pairs = Pairs(job.model, predictor, task, catalogue, 7, CPU).scores(rows)
    np.testing.assert_allclose(apart, pairs, rtol=1e-4, atol=1e-4)


def test_the_metrics_are_those_of_pairs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(folder, *TOWERS, *KINDS["dot"], "eval.catalogue.seen=drop")
    apart = measured(job)
    monkeypatch.setattr(Towers, "of", lambda *_: None)
    pairs = measured(job)
    assert apart.metrics == pytest.approx(pairs.metrics) and apart.details == pairs.details


@pytest.mark.parametrize(
    "sets",
    [
        ["graph.query={block: linear, in: [who, m, what], out: 4}", SCORE % "dot"],
        ["graph.target={block: linear, in: [what, m], out: 4}", SCORE % "dot"],
        ["graph.logit={block: linear, in: [query, target], out: 1}"],
    ],
    ids=["the query knows the item", "the item knows the history", "no similarity"],
)
def test_what_is_not_apart_is_scored_by_pairs(folder: Path, sets: list[str]) -> None:
    job = job_of(folder, *TOWERS, *sets)
    assert Towers.of(job.model, "good", ("item", "kind", "tags")) is None
    assert (
        ranker(job).places(job.model, job.tasks[0], "test", batch_size=50, device=CPU, stop=lambda: False) is not None
    )
