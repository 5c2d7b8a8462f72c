"""Trains DIN on a generated log of many million events, and says how much memory that took.

    python -m tools.large_log [--events 50000000] [--steps 2000] [--folder FOLDER]

The log is written in pieces, in the order of time, as Parquet. Every event is a sample; what a user likes are the
categories of its interests, which change slowly. `blockrec run` then sorts, encodes, trains, validates and tests in a
process of its own, whose greatest resident memory is reported: files that it maps count as far as they were touched.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

PIECE = 1_000_000
CATEGORIES, INTERESTS = 1000, 3
CARD = """blockrec: 1
doc: A generated log; see tools/large_log.py.
features:
  user: {vocab: auto}
  item: {vocab: auto}
  category: {vocab: auto}
  behaviors:
    max_len: 50
    fields:
      item: {like: item}
      category: {like: category}
      position: {position: from_end}
labels: [click]
data:
  events: events/*.parquet
  samples: {label: {click: rating >= 4}}
  split: {by: time, valid: 0.002, test: 0.002}
  batch_size: 1024
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--events", type=int, default=50_000_000)
    arguments.add_argument("--steps", type=int, default=2000)
    arguments.add_argument("--folder", type=Path, default=None)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch)
        write(folder, chosen.events, max(chosen.events // 100, 10))
        print(report(folder, chosen.events, chosen.steps))


def write(folder: Path, events: int, users: int) -> None:
    """`events/*.parquet` and `card.yaml`, unless they are there."""
    (folder / "events").mkdir(parents=True, exist_ok=True)
    (folder / "card.yaml").write_text(CARD, "utf-8")
    world = World.drawn(users, np.random.default_rng(0))
    for start in range(0, events, PIECE):
        path = folder / "events" / f"{start // PIECE:05}.parquet"
        table = world.piece(start, min(PIECE, events - start))
        if not path.exists():
            pq.write_table(table, path)


@dataclass
class World:
    """activity: [users] cumulated; interests: [users, `INTERESTS`] categories."""

    rng: np.random.Generator
    activity: NDArray[np.float64]
    interests: NDArray[np.int64]

    @classmethod
    def drawn(cls, users: int, rng: np.random.Generator) -> World:
        activity = np.cumsum(rng.lognormal(0, 1, users))
        return cls(rng, activity / activity[-1], rng.integers(CATEGORIES, size=(users, INTERESTS)))

    def piece(self, start: int, size: int) -> pa.Table:
        """The events `start:start + size`, one a second; some interests change."""
        rng, users = self.rng, len(self.activity)
        user = np.minimum(np.searchsorted(self.activity, rng.random(size)), users - 1)
        own = rng.random(size) < 0.5
        interest = self.interests[user, rng.integers(INTERESTS, size=size)]
        category = np.where(own, interest, rng.integers(CATEGORIES, size=size))
        item = category + CATEGORIES * (rng.random(size) ** 2 * max(users // CATEGORIES, 1)).astype(np.int64)
        rating = np.where(
            rng.random(size) < np.where(own, 0.7, 0.3), rng.integers(4, 6, size), rng.integers(1, 4, size)
        )
        changed = rng.integers(users, size=users // 50)
        self.interests[changed, rng.integers(INTERESTS, size=len(changed))] = rng.integers(
            CATEGORIES, size=len(changed)
        )
        moment = 1_500_000_000 + start + np.arange(size)
        return pa.table({"user": user, "time": moment, "item": item, "category": category, "rating": rating})


def report(folder: Path, events: int, steps: int) -> str:
    """Train in a process of its own; a table of what it took."""
    cache = folder / "cache"
    command = ["-m", "blockrec", "run", "din", "--variant", "classic", "--data", str(folder / "card.yaml"), "--json"]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command, "--steps", str(steps), "--runs-dir", str(folder / "runs")],
        env={**os.environ, "BLOCKREC_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds, result = time.perf_counter() - started, json.loads(done.stdout)
    rows = [
        ("events = samples", f"{events:,}"),
        ("bytes an event in Parquet", _bytes(folder / "events", events, "*.parquet")),
        ("bytes an event of the sorted log", _bytes(cache, events, "log-*/*")),
        ("bytes a sample and its event, encoded", _bytes(cache, events, "samples-*/**/*")),
        ("seconds in all", f"{seconds:,.0f}"),
        ("seconds of training and measuring", f"{sum(result['seconds'].values()):,.0f}"),
        ("training samples a second", f"{result['rows_per_second']:,.0f}"),
        ("test AUC", f"{result['metrics']['test/click/auc']:.4f}"),
        ("greatest resident memory", f"{result['peak_memory_bytes'] / 2**20:,.0f} MiB"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _bytes(folder: Path, events: int, pattern: str) -> str:
    return f"{sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file()) / events:.1f}"


if __name__ == "__main__":
    main()
