"""`blockrec doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from blockrec.cli.exits import ENVIRONMENT, OK
from blockrec.cli.options import Json, RunsDir

if TYPE_CHECKING:
    from blockrec.cli.health import Finding

EPILOG = """\b
Examples:
  blockrec doctor                                 what is here, and what is wrong with it
  blockrec doctor --json > environment.json       for a bug report"""


def doctor(context: typer.Context, runs_dir: RunsDir = "runs", as_json: Json = False) -> int:
    """Check versions, devices, kernels and folders.

    What is missing comes with what to do about it, and the exit code 4.
    """
    from blockrec.cli.health import findings

    found = [*findings(Path(runs_dir))]
    context.obj.result(json.dumps([asdict(f) for f in found], indent=2) if as_json else text(found))
    return ENVIRONMENT if any(f.state == "bad" for f in found) else OK


def text(found: list[Finding]) -> str:
    """A line a finding, parts apart; `!` marks what is wrong, `-` what is worth reading."""
    width = max(len(f.name) for f in found)
    lines: list[str] = []
    part = ""
    for f in found:
        if f.part != part:
            lines += [*([""] if lines else []), f.part]
            part = f.part
        mark = {"ok": " ", "note": "-", "bad": "!"}[f.state]
        lines.append(f"{mark} {f.name:<{width}}  {f.value}")
        lines += [f"  {'':<{width}}  = help: {f.help}"] if f.help else []
    bad = sum(f.state == "bad" for f in found)
    return "\n".join([*lines, "", f"{bad} of {len(found)} are wrong" if bad else "nothing is wrong"])
