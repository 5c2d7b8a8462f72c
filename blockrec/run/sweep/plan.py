"""What a sweep will do: its runs, what they are compared by, and the folder that its identity names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics, fail
from blockrec.graph.compile import check, check_model
from blockrec.graph.sweep import check_points
from blockrec.language.document import Document
from blockrec.language.dump import dump
from blockrec.language.files import folder_of
from blockrec.language.metrics import read_metrics
from blockrec.language.sweep import VARIANT, Point, Sweep, tried
from blockrec.run.prepare import Wishes, read_document

EXAMPLE = "sweep: {grid: {params.dim: [8, 16]}, seeds: 3}"
ModelSource = str | Path | Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """One run of a sweep."""

    point: Point
    seed: int

    @property
    def key(self) -> tuple[int, int]:
        return (self.point.number, self.seed)

    @property
    def folder(self) -> str:
        """Its run directory inside the sweep's."""
        return f"point-{self.point.number}-seed-{self.seed}"


@dataclass(frozen=True)
class Plan:
    """metric: path of the one to compare by; higher: whether more of it is better. folder: what the sweep writes to."""

    model: str | Path
    wishes: Wishes
    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    metric: str
    higher: bool
    jobs: int
    folder: Path
    base: str

    def trials(self) -> Iterator[Trial]:
        """Every point with the first seed, then with the second: an early look sees all points."""
        return (Trial(point, seed) for seed in self.seeds for point in self.points)


def make_plan(
    model: ModelSource, wishes: Wishes, *, seeds: Sequence[int] = (), jobs: int | None = None, runs_dir: str | Path
) -> Plan:
    """Read the model and its sweep; `seeds` and `jobs` go before what the file says. Nothing is written."""
    model = _text(model)
    document = read_document(model, wishes)
    sweep = document.sweep
    if sweep is None:
        raise fail("E706", f"`{document.name}` has no `sweep`", document.root.span, help=EXAMPLE)
    if wishes.variants and VARIANT in tried(sweep.points):
        message = f"the sweep sets `{VARIANT}`, and so does the command"
        raise fail("E706", message, help="leave out `--variant`, or take it out of the sweep")
    metric, higher = _metric(document, sweep)
    return Plan(
        model,
        replace(wishes, imports=tuple(map(str, wishes.imports))),
        sweep.points,
        tuple(seeds) or sweep.seeds or (document.evaluated("train").get("seed", 1),),
        metric,
        sweep.mode == "max" if sweep.mode else higher,
        jobs or sweep.jobs,
        Path(runs_dir) / document.name / "sweeps" / _identity(document, sweep, wishes),
        document.to_yaml(),
    )


def check_plan(plan: Plan) -> str:
    """Raise `BlockrecError` with the mistakes of the model and of its points; returns what was checked, in words."""
    wishes = plan.wishes
    asked: dict[str, Any] = {
        "variants": wishes.variants,
        "sets": wishes.sets,
        "data": wishes.data,
        "imports": wishes.imports,
    }
    checked, report = check_model(plan.model, **asked)
    points = check_points(checked, lambda point: check(plan.model, **asked, point=point)[2], report)
    report.raise_errors()
    return points


def read_points(model: ModelSource, wishes: Wishes) -> tuple[Point, ...]:
    """The points of a model whose plan was made before."""
    sweep = read_document(model, wishes).sweep
    assert sweep is not None
    return sweep.points


def _text(model: ModelSource) -> str | Path:
    """A mapping as the text that it is read as."""
    report = Diagnostics()
    text = dump(model, report) if isinstance(model, Mapping) else model
    report.raise_errors()
    assert text is not None
    return text


def _metric(document: Document, sweep: Sweep) -> tuple[str, bool]:
    """The metric that the sweep names, else the first of the first task on `valid`; and whether more is better."""
    known = {
        f"{split}/{task}/{metric.name}": metric.higher_is_better
        for split in ("valid", "test")
        for task, spec in document.evaluated("tasks").items()
        for metric in read_metrics(spec.get("metrics", ()))
    }
    if not known:
        raise fail("E706", "no task has a metric to compare runs by", help="tasks: {click: {..., metrics: [auc]}}")
    path = sweep.metric or next(iter(known))
    return path, known[path]


def _identity(document: Document, sweep: Sweep, wishes: Wishes) -> str:
    """Of what is run: the model with everything merged, blocks in files, the points, and how long to train.

    Not the seeds: more of them belong to the same sweep.
    """
    imports = document.root.get("imports")
    own = [folder_of(at) / name for name, at in zip(imports, imports.at, strict=True)] if imports else []
    files = [path for path in (*own, *map(Path, wishes.imports)) if path.suffix == ".py" and path.is_file()]
    parts = [document.to_yaml(), [p.to_json() for p in sweep.points], wishes.epochs, wishes.steps]
    digest = sha256(json.dumps(parts, sort_keys=True, default=str).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]
