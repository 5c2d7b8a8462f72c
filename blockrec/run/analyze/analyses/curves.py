"""How fast a run learned."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from blockrec.run.analyze.findings import Findings, Lines, Listing, Row
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.subject import Subject
from blockrec.run.names import METRICS, RESULT

Series = dict[str, list[tuple[float, float]]]


def _needs(subject: Subject) -> str | None:
    return None if _curves(subject.path) else "its run measured nothing on `valid`"


@analysis("curves", needs=_needs)
def curves(subject: Subject, *, shares: list[int] = [50, 90, 95, 99]) -> Findings:
    """After how many steps was how much of the final gain reached?

    Of each metric on valid: its first and its best value, and the first step at which so many percent of the way
    between them were behind it. The run measures as often as `eval.every` says; a finer curve needs a smaller one.

    Args:
        shares: percent of the way from the first to the best value.
    """
    found = _curves(subject.path)
    higher = {f"{task.name}/{m.name}": m.higher_is_better for task in subject.loaded.tasks for m in task.metrics}
    rows: list[Row] = []
    values: dict[str, float] = {}
    for name, points in found.items():
        best = (max if higher.get(name) else min)(points, key=lambda point: point[1])
        reached = [_reached(points, best[1], share / 100) for share in shares]
        rows.append([name, len(points), points[0][1], best[1], int(best[0]), *reached])
        values |= {f"{name}/{share}%": float(step) for share, step in zip(shares, reached, strict=True)}
    header = ["metric", "measured", "first", "best", "at step", *(f"{share}% at" for share in shares)]
    per_step = _samples_a_step(subject.path)
    notes = [f"A step is {per_step:,.0f} samples."] if per_step else []
    figures = [Lines(name, "step", {name: points}) for name, points in found.items()]
    return Findings([Listing("steps to reach a share of the gain on valid", header, rows)], figures, values, notes)


def _reached(points: list[tuple[float, float]], best: float, share: float) -> int:
    first = points[0][1]
    wanted = first + share * (best - first)
    return int(next(step for step, value in points if (value - wanted) * (best - first) >= 0))


def _curves(run: Path) -> Series:
    """Task and metric → (step, value)."""
    found: Series = defaultdict(list)
    if not (run / METRICS).is_file():
        return {}
    for line in map(json.loads, (run / METRICS).read_text("utf-8").splitlines()):
        metric = line.get("metric") or ""
        if line.get("split") == "valid" and "value" in line and not metric.startswith("watch."):
            found["/".join(filter(None, [line.get("task"), metric]))].append((line["step"], line["value"]))
    return dict(found)


def _samples_a_step(run: Path) -> float:
    try:
        result: Any = json.loads((run / RESULT).read_text("utf-8"))
        return float(result["rows"] / result["steps"])
    except (OSError, ValueError, KeyError, ZeroDivisionError):
        return 0.0
