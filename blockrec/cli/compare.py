"""`blockrec compare`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from blockrec.cli import completion
from blockrec.cli.options import Json, RunsDir

EPILOG = """\b
Examples:
  blockrec compare dare din                    the latest run of each
  blockrec compare runs/dare/*                 all runs of a model, seeds together
  blockrec compare runs/dare/sweeps/1f0c33a9   the runs of a sweep
  blockrec compare "runs/dare/*" --against runs/dare/20260101-120000-a1b2c3
  blockrec compare runs/*/* --metric valid/click/auc --sort valid/click/logloss"""


def compare(
    context: typer.Context,
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            autocompletion=completion.runs,
            help="Run directories, folders of them, globs; a model: its latest.",
        ),
    ],
    metrics: Annotated[
        list[str], typer.Option("--metric", metavar="SPLIT/TASK/METRIC", help="Show only this; may be repeated.")
    ] = [],
    sort: Annotated[
        str | None, typer.Option(metavar="METRIC|PATH", help="Sort by a metric (best first) or a setting.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="RUN", autocompletion=completion.runs, help="Test the others against this one. Default: the first."
        ),
    ] = None,
    runs_dir: RunsDir = "runs",
    as_json: Json = False,
) -> None:
    """Show runs beside each other.

    Only the settings that differ, and metrics as mean ± standard deviation over the seeds. Where models share at least
    two seeds, their differences with a paired test.
    """
    from blockrec.run.compare import compare as beside

    table = beside(runs, metrics=metrics, sort=sort, against=against, runs_dir=runs_dir)
    for what in table.skipped:
        context.obj.note(f"skipped: {what}")
    context.obj.result(json.dumps(table.to_json(), indent=2) if as_json else str(table))
