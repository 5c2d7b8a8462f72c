"""What a run directory says, as plain values: a file that is missing or cut off leaves its part out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blockrec.run.names import DATA, ENVIRONMENT, LOG, METRICS, MODEL, PICTURE, PROFILE, RESOLVED, RESULT

Point = tuple[int, float]
Series = dict[str, list[Point]]
"""Split → (step, value), in the order of steps."""


@dataclass(frozen=True)
class Histogram:
    """Counts between edges, at a step."""

    step: int
    edges: list[float]
    counts: list[int]


@dataclass(frozen=True)
class Reliability:
    """A split's predictions of a task in bins: mean prediction, observed mean label and number of samples of each."""

    split: str
    task: str
    step: int
    predicted: list[float]
    observed: list[float]
    counts: list[int]


@dataclass(frozen=True)
class RunFiles:
    """A run. result, environment, data: empty if it wrote none. curves: metric, or `task · metric` → series.

    analyses: by name, what `blockrec analyze` found. watched: name → statistic → series; histograms: name → split →
    those of each measurement. log: its lines.
    """

    path: Path
    result: Mapping[str, Any]
    environment: Mapping[str, Any]
    data: Mapping[str, Any]
    profile: Mapping[str, Any]
    analyses: Mapping[str, Mapping[str, Any]]
    curves: Mapping[str, Series]
    watched: Mapping[str, Mapping[str, Series]]
    histograms: Mapping[str, Mapping[str, list[Histogram]]]
    reliability: tuple[Reliability, ...]
    model: str
    resolved: str
    log: list[str]
    picture: str

    @property
    def name(self) -> str:
        return str(self.result.get("name") or self.path.resolve().parent.name)

    @property
    def finished(self) -> bool:
        return bool(self.result)


def read_run(path: Path) -> RunFiles:
    """Everything that the page of a run shows."""
    lines = [*_lines(path / METRICS)]
    return RunFiles(
        path,
        result=_mapping(path / RESULT),
        environment=_mapping(path / ENVIRONMENT),
        data=_mapping(path / DATA),
        profile=_mapping(path / PROFILE),
        analyses=_analyses(path / "analysis"),
        curves=_curves(lines),
        watched=_watched(lines),
        histograms=_histograms(lines),
        reliability=tuple(_reliability(lines)),
        model=_text(path / MODEL),
        resolved=_text(path / RESOLVED),
        log=_text(path / LOG).splitlines(),
        picture=_text(path / PICTURE),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _mapping(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_text(path) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _analyses(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    found = {file.stem: _mapping(file) for file in sorted(folder.glob("*.json"))}
    return {name: analysis for name, analysis in found.items() if "tables" in analysis}


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Whole lines; the last one of a run that is killed may be none."""
    for line in _text(path).splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "step" in found:
            yield found


def _curves(lines: list[Mapping[str, Any]]) -> Mapping[str, Series]:
    curves: dict[str, Series] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        metric, task = line.get("metric"), line.get("task")
        if "value" in line and metric is not None and not metric.startswith("watch."):
            name = f"{task} · {metric}" if task else metric
            curves[name][line["split"]].append((line["step"], line["value"]))
    return curves


def _watched(lines: list[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Series]]:
    found: dict[str, dict[str, Series]] = {}
    for line in lines:
        metric = line.get("metric") or ""
        if metric.startswith("watch.") and "value" in line:
            name, _, statistic = metric.removeprefix("watch.").rpartition(".")
            series = found.setdefault(name, {}).setdefault(statistic, {})
            series.setdefault(line["split"], []).append((line["step"], line["value"]))
    return found


def _histograms(lines: list[Mapping[str, Any]]) -> Mapping[str, Mapping[str, list[Histogram]]]:
    found: dict[str, dict[str, list[Histogram]]] = {}
    for line in lines:
        if "watch" in line and "histogram" in line:
            seen = Histogram(line["step"], line["histogram"]["edges"], line["histogram"]["counts"])
            found.setdefault(line["watch"], {}).setdefault(line["split"], []).append(seen)
    return found


def _reliability(lines: list[Mapping[str, Any]]) -> Iterator[Reliability]:
    """The latest of each split and task."""
    found: dict[tuple[str, str], Reliability] = {}
    for line in lines:
        if curve := line.get("reliability"):
            of = (line["split"], line["task"])
            bins = zip(curve["predicted"], curve["observed"], curve["counts"], strict=True)
            filled = [row for row in bins if row[2]]
            if filled:
                found[of] = Reliability(*of, line["step"], *map(list, zip(*filled, strict=True)))
    return iter(found.values())
