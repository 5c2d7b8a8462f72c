"""Exact AUC and AUC within groups of many rows: time, memory and error, of ours and of torchmetrics.

    python -m tools.benchmark_metrics --rows 50000000

Each way has a process of its own; memory is the peak of that process beyond what it had before the first row.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

BATCH = 65_536


def batches(rows: int, groups: int) -> Iterator[tuple[Any, Any, Any]]:
    """Predictions in 32 bits, labels and groups, the same ones for every way."""
    draw = np.random.default_rng(0)
    for start in range(0, rows, BATCH):
        size = min(BATCH, rows - start)
        labels = (draw.random(size) < 0.3).astype(np.float32)
        yield (draw.random(size, np.float32) + 0.1 * labels).clip(0, 1), labels, draw.integers(0, groups, size)


def ours(words: list[Any], held: int) -> Callable[[int, int], dict[str, float]]:
    """By a table that keeps so many rows in memory."""

    def measure(rows: int, groups: int) -> dict[str, float]:
        from blockrec.language.metrics import read_metrics
        from blockrec.metrics.table import Table

        table = Table(read_metrics(words), held=held)
        for scores, labels, users in batches(rows, groups):
            table.add(scores, labels, {"user": users})
        found = dict(table.results().values)
        table.close()
        return found

    return measure


def library(rows: int, groups: int) -> dict[str, float]:
    """By torchmetrics, which keeps all predictions."""
    import torch
    from torchmetrics.classification import BinaryAUROC

    metric = BinaryAUROC(thresholds=None, validate_args=False)
    for scores, labels, _ in batches(rows, groups):
        metric.update(torch.from_numpy(scores), torch.from_numpy(labels).long())
    return {"auc": float(metric.compute())}


EVERYTHING = 10**12
GAUC = {"gauc": {"by": "user"}}
WAYS: dict[str, Callable[[int, int], dict[str, float]]] = {
    "auc, 2M rows in memory": ours(["auc"], 2**21),
    "auc, all rows in memory": ours(["auc"], EVERYTHING),
    "auc, torchmetrics": library,
    "gauc, 2M rows in memory": ours([GAUC], 2**21),
    "gauc, all rows in memory": ours([GAUC], EVERYTHING),
    "logloss and ece": ours(["logloss", "ece"], 2**21),
}


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measured(way: str, rows: int, groups: int) -> dict[str, Any]:
    """One way, in this process."""
    WAYS[way](1000, 10)  # imports what it needs
    before, start = peak(), perf_counter()
    values = WAYS[way](rows, groups)
    return {"seconds": perf_counter() - start, "bytes": peak() - before, "values": values}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--groups", type=int, default=1_000_000)
    parser.add_argument("--way", help="only this, as JSON")
    given = parser.parse_args()
    if given.way:
        print(json.dumps(measured(given.way, given.rows, given.groups)))
        return
    print("| way | seconds | memory | value |\n| --- | --- | --- | --- |")
    for way in WAYS:
        sizes = ["--rows", str(given.rows), "--groups", str(given.groups)]
        command = [sys.executable, "-m", "tools.benchmark_metrics", *sizes, "--way", way]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        values = ", ".join(f"{value:.9f}" for value in found["values"].values())
        print(f"| {way} | {found['seconds']:.1f} | {found['bytes'] / 1e6:,.0f} MB | {values} |", flush=True)


if __name__ == "__main__":
    main()
