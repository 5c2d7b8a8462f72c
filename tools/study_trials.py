"""Trials of a study: a training, and then what is asked of the model it left."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import torch
from rich.console import Console

from blockrec.run import run
from blockrec.run.analyze import analyze_run
from blockrec.run.load import load_run
from blockrec.run.log import Log
from tools.experiment import Trial

TASK, MODEL = "test/click/", "score"
"""Where metrics are, and the node that ranks a history, in the models of a study."""
SEARCHING = ("search", "interest")
"""Nodes that give the first interest: the first of them that a model has."""
SEARCHES, REPEATS = 4, 9
Values = Mapping[str, float]
Probe = Callable[[Path], Values]


def retrieval(path: Path) -> Values:
    """NDCG@20 of the scores against the truth: the planted one, else mutual information."""
    values = _analysis(path, "retrieval")
    return {"ndcg": values[f"{MODEL}/ndcg@20"], "random ndcg": values["random/ndcg@20"]}


def conflict(path: Path) -> Values:
    """Of the rows of categories: attention's gradient against the rest."""
    values = {k: v for k, v in _analysis(path, "conflict").items() if k.endswith("/category")}
    found = {}
    for kind in ("cosine", "opposed steps", "opposed rows"):
        of_kind = [v for name, v in values.items() if name.startswith(f"{kind}/")]
        found |= {kind: statistics.fmean(of_kind)} if of_kind else {}
    norms = {
        part: max((v for name, v in values.items() if name.startswith(f"norm/{part}/")), default=0.0)
        for part in ("attention", "rest")
    }
    return {**found, "attention norm": norms["attention"], "rest norm": norms["rest"]}


def search(path: Path) -> Values:
    """Milliseconds of a processor from ids to the first interest for 1,000 samples of `test`, without gradients.

    The best of several passes; processor time, since a study runs several trials at once.
    """
    nodes = load_run(path).model.graph_ir.nodes
    named = next(node for node in SEARCHING if node in nodes)
    loaded = load_run(path, sets=[f"outputs.found={named}"])
    part = loaded.model.only("found")
    split = loaded.dataset(_quiet()).splits["test"]
    batches = list(islice(split.batches(loaded.batch_size), SEARCHES))
    times = []
    with torch.no_grad():
        for _ in range(REPEATS + 1):
            start = time.process_time()
            for batch in batches:
                part(batch)
            times.append(time.process_time() - start)
    rows = min(split.rows, SEARCHES * loaded.batch_size)
    return {"search ms": 1e6 * min(times[1:]) / rows}


def measured(trial: Trial, seed: int, probes: Sequence[Probe]) -> dict[str, float]:
    """Test metrics of one run, its speed and processor seconds, and what the probes find in its directory."""
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        result = run(
            trial.model,
            data=trial.card,
            variants=trial.variants,
            sets=("tasks.click.metrics=[auc, logloss, ece]", *trial.sets),
            steps=trial.steps,
            seed=seed,
            runs_dir=folder,
            console=_console(),
        )
        values = {k.removeprefix(TASK): v for k, v in result.metrics.items() if k.startswith(TASK)}
        values |= {"CPU s": time.process_time() - start, "rows/s": result.rows_per_second}
        assert result.directory is not None
        for probe in probes:
            values |= probe(result.directory)
    return values


def _analysis(path: Path, name: str) -> Values:
    return analyze_run(path, name, console=_console()).findings.values


def _quiet() -> Log:
    return Log(_console())


def _console() -> Console:
    return Console(file=io.StringIO())
