"""Runs models several times and writes one table: shared by the experiments of this folder."""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import statistics
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from blockrec.run import run


@dataclass(frozen=True)
class Trial:
    """One configuration: a packaged model with its variants, settings and dataset card. `steps`: instead of epochs."""

    name: str
    model: str
    card: str | None = None
    variants: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    steps: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What a trial gave, a value a seed."""

    auc: list[float]
    rows_per_second: list[float]
    peak_memory: list[float]

    def cell(self) -> str:
        """AUC as mean ± standard deviation over the seeds."""
        return mean_and_deviation(self.auc)


def mean_and_deviation(values: Sequence[float]) -> str:
    """`0.7312 ± 0.0021`."""
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.4f} ± {spread:.4f}"


def outcomes(
    trials: Iterable[Trial], seeds: Sequence[int], store: Path, say: Callable[[str], None] = print
) -> dict[str, Outcome]:
    """Run what `store` (JSON lines) does not hold yet, so that an interrupted experiment goes on where it stopped."""
    store.parent.mkdir(parents=True, exist_ok=True)
    done = _stored(store)
    results: dict[str, Outcome] = {}
    for trial in trials:
        rows = [done.get((trial.name, seed)) or _measured(trial, seed, store, say) for seed in seeds]
        columns = {key: [row[key] for row in rows] for key in ("auc", "rows_per_second", "peak_memory")}
        results[trial.name] = Outcome(**columns)
    return results


def _stored(store: Path) -> dict[tuple[str, int], Mapping[str, float]]:
    lines = store.read_text("utf-8").splitlines() if store.exists() else []
    rows = [json.loads(line) for line in lines]
    return {(row["trial"], row["seed"]): row for row in rows}


def _measured(trial: Trial, seed: int, store: Path, say: Callable[[str], None]) -> Mapping[str, float]:
    row = _in_a_process(trial, seed)
    with store.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"trial": trial.name, "seed": seed, **row}) + "\n")
    say(f"{trial.name} seed {seed}: auc {row['auc']:.4f}, {row['rows_per_second']:.0f} rows/s")
    return row


def _in_a_process(trial: Trial, seed: int) -> Mapping[str, float]:
    """One run in a process of its own, so that its peak memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (trial, seed))


def _run(trial: Trial, seed: int) -> Mapping[str, float]:
    quiet = Console(file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        result = run(
            trial.model,
            data=trial.card,
            variants=trial.variants,
            sets=trial.sets,
            steps=trial.steps,
            seed=seed,
            runs_dir=folder,
            console=quiet,
        )
    return {
        "auc": result.metrics["test/click/auc"],
        "rows_per_second": result.rows_per_second,
        "peak_memory": result.peak_memory_bytes,
    }


def of_cards(doc: str | None, cards: Iterable[str]) -> argparse.ArgumentParser:
    """The arguments of a tool that makes a table for each of several cards: which, where their files are, seeds."""
    arguments = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    one = "only this one; may be repeated"
    arguments.add_argument("--card", dest="cards", action="append", choices=[*cards], help=one)
    arguments.add_argument("--root", action="append", default=[], metavar="CARD=FOLDER", help="where its files are")
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments.add_argument("--steps", type=int, help="train so many steps only, to try the tool")
    return arguments


def root_of(card: str, roots: Iterable[str]) -> tuple[str, ...]:
    """The setting that names the folder of a card, if one of `CARD=FOLDER` does."""
    known = dict(root.split("=", 1) for root in roots)
    return (f"data.root={Path(known[card]).resolve()}",) if card in known else ()


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
