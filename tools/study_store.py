"""What trials of a study found, kept so that an interrupted study goes on, and so that questions share trainings."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numba
import torch

from tools.experiment import Trial
from tools.study_trials import Probe, Values, measured

Key = tuple[str, int]


@dataclass
class Store:
    """A file of JSON lines, one for each trial and seed; trials are the same if their model and settings are.

    The folder of a card's files is no part of a line.
    """

    path: Path
    rows: dict[Key, Values] = field(init=False)

    def __post_init__(self) -> None:
        lines = self.path.read_text("utf-8").splitlines() if self.path.exists() else []
        found = (json.loads(line) for line in lines)
        self.rows = {(row["trial"], row["seed"]): row["values"] for row in found}

    def values(self, trial: Trial, metric: str) -> dict[int, float]:
        """By seed; without seeds that have no such value."""
        name = named(trial)
        return {seed: row[metric] for (of, seed), row in sorted(self.rows.items()) if of == name and metric in row}

    def keep(self, trial: Trial, seed: int, values: Values) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.rows[named(trial), seed] = values
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"trial": named(trial), "seed": seed, "values": values}) + "\n")


def named(trial: Trial) -> str:
    """`dare[four_tables] params.attention_dim=8`."""
    variants = f"[{','.join(trial.variants)}]" if trial.variants else ""
    return " ".join([trial.model + variants, *trial.sets])


def complete(
    store: Store,
    trials: Iterable[Trial],
    seeds: Sequence[int],
    probes: Callable[[Trial], Sequence[Probe]],
    jobs: int,
    sets: tuple[str, ...] = (),
    say: Callable[[str], None] = print,
) -> None:
    """Run what `store` does not hold, `jobs` at a time. sets: for every run, but no part of what a trial is."""
    wanted = [(t, seed) for t in trials for seed in seeds if (named(t), seed) not in store.rows]
    wanted = list({(named(t), seed): (t, seed) for t, seed in wanted}.values())
    for place, (trial, seed, values) in enumerate(_measured(wanted, probes, jobs, sets), 1):
        store.keep(trial, seed, values)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        say(f"{place}/{len(wanted)} {named(trial)}, seed {seed}: {shown}")


def _measured(
    wanted: Sequence[tuple[Trial, int]], probes: Callable[[Trial], Sequence[Probe]], jobs: int, sets: tuple[str, ...]
) -> Iterator[tuple[Trial, int, Values]]:
    """In processes that share the processors; each has its threads."""
    threads = max(1, (os.cpu_count() or 1) // jobs)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _start, (threads,)) as pool:
        running: Mapping[Future[Any], tuple[Trial, int]] = {
            pool.submit(measured, replace(trial, sets=(*sets, *trial.sets)), seed, probes(trial)): (trial, seed)
            for trial, seed in wanted
        }
        for future in as_completed(running):
            yield (*running[future], future.result())


def _start(threads: int) -> None:
    torch.set_num_threads(threads)
    numba.set_num_threads(threads)
