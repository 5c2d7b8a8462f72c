"""`blockrec analyze RUN NAME`: what a trained model learned, as a table, figures in its report, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from blockrec.diagnostics import fail
from blockrec.disk import replace_text
from blockrec.run.analyze.findings import Findings
from blockrec.run.analyze.registry import all_analyses, find
from blockrec.run.analyze.subject import Subject
from blockrec.run.files import writing
from blockrec.run.find import find_run
from blockrec.run.log import Log
from blockrec.run.report import write_report
from blockrec.run.tables import aligned

__all__ = ["ANALYSIS", "Analyzed", "analyze_run", "catalogue"]
ANALYSIS = "analysis"
"""The folder in a run directory."""


@dataclass(frozen=True)
class Analyzed:
    """path: the file that holds it. options: all of them, as they were taken."""

    name: str
    about: str
    run: Path
    checkpoint: str | None
    options: dict[str, Any]
    findings: Findings
    path: Path

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        about = {"analysis": self.name, "about": self.about, "run": str(self.run), "checkpoint": self.checkpoint}
        return {**about, "options": self.options, **self.findings.to_json()}

    def __str__(self) -> str:
        return f"{self.findings}\n\nkept in {self.path}, shown in {self.run / 'report.html'}"


def analyze_run(
    path: str | Path,
    name: str,
    options: Iterable[str] = (),
    *,
    checkpoint: str | None = None,
    imports: Sequence[str] = (),
    device: str | None = None,
    runs_dir: str | Path = "runs",
    console: Console | None = None,
) -> Analyzed:
    """Make an analysis of a run, write it to `analysis/NAME.json` in its directory, and write its report again.

    options: `NAME=VALUE`. The others: see `load_run`. Raises `BlockrecError`: E107 (no such analysis), E103, E104 and
    E107 (options), E709 (it does not fit the model), and those of `load_run`.
    """
    found = find(name)
    chosen = found.read(options)
    subject = Subject(find_run(path, runs_dir), Log(console), checkpoint, imports, device)
    if reason := found.needs(subject):
        raise fail("E709", f"`{name}` cannot be made of this model: {reason}", help="`blockrec analyze` lists all")
    findings = found.function(subject, **chosen)
    file = subject.path / ANALYSIS / f"{name}.json"
    analyzed = Analyzed(name, found.about, subject.path, checkpoint, chosen, findings, file)
    with writing(file, subject.path):
        file.parent.mkdir(exist_ok=True)
        replace_text(file, json.dumps(analyzed.to_json(), indent=1) + "\n")
        write_report(subject.path)
    return analyzed


def catalogue() -> str:
    """All analyses with their options, as text."""
    lines = []
    for name, analysis in all_analyses().items():
        rows = [[f"  {o.name}={_written(o.default)}", o.doc] for o in analysis.options.values()]
        lines += [f"{name}: {analysis.summary}", *([aligned(["", ""], rows).strip("\n")] if rows else []), ""]
    return "\n".join(lines).rstrip()


def _written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
