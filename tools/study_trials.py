"""Trials of a study: a training, and then what is asked of the model it left."""

from __future__ import annotations

import io
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    """Milliseconds from ids to the first interest for 1,000 samples of the test split, without gradients.

    The best of several passes, since other work on the machine can only make one slower.
    """
    loaded = load_run(path, sets=["outputs.interest=search"])
    part = loaded.model.only("interest")
    split = loaded.dataset(_quiet()).splits["test"]
    batches = list(islice(split.batches(loaded.batch_size), SEARCHES))
    times = []
    with torch.no_grad():
        for _ in range(REPEATS + 1):
            start = time.perf_counter()
            for batch in batches:
                part(batch)
            times.append(time.perf_counter() - start)
    rows = min(split.rows, SEARCHES * loaded.batch_size)
    return {"search ms": 1e6 * min(times[1:]) / rows}


@dataclass(frozen=True)
class Results:
    """rows: of each trial, by seed, what was measured."""

    rows: Mapping[str, Mapping[int, Values]]

    def values(self, trial: str, metric: str) -> dict[int, float]:
        """By seed; without seeds that have no such value."""
        return {seed: row[metric] for seed, row in self.rows[trial].items() if metric in row}


def results(
    trials: Iterable[Trial],
    seeds: Sequence[int],
    store: Path,
    probes: Sequence[Probe],
    say: Callable[[str], None] = print,
) -> Results:
    """Run what `store` (JSON lines) does not hold yet, so that an interrupted study goes on where it stopped."""
    store.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.loads(line) for line in store.read_text("utf-8").splitlines()] if store.exists() else []
    done = {(line["trial"], line["seed"]): line["values"] for line in lines}
    found: dict[str, dict[int, Values]] = {}
    for trial in trials:
        for seed in seeds:
            if (trial.name, seed) not in done:
                done[trial.name, seed] = values = _in_a_process(trial, seed, probes)
                with store.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"trial": trial.name, "seed": seed, "values": values}) + "\n")
                say(f"{trial.name}, seed {seed}: " + ", ".join(f"{k} {v:.4g}" for k, v in values.items()))
            found.setdefault(trial.name, {})[seed] = done[trial.name, seed]
    return Results(found)


def _in_a_process(trial: Trial, seed: int, probes: Sequence[Probe]) -> Values:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (trial, seed, probes))


def measured(trial: Trial, seed: int, probes: Sequence[Probe]) -> dict[str, float]:
    """Test metrics of one run, rows a second, and what the probes find in its directory."""
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
        values["rows/s"] = result.rows_per_second
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
