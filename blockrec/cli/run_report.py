"""`blockrec report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blockrec.cli.options import Run, RunsDir

EPILOG = """\b
Examples:
  blockrec report dare                         of the latest run, also while it goes on
  blockrec report runs/dare/latest --open
  blockrec report dare -o dare.html"""


def report(
    context: typer.Context,
    run: Run,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Default: report.html in the run's directory.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it.")] = False,
    runs_dir: RunsDir = "runs",
) -> None:
    """Show a run on one page.

    Metrics, curves, calibration, watched values, time, model, data, configuration, environment, log: in one HTML file
    without scripts or other files. A run writes it when it ends; here it is made again, from the files that there are.
    """
    from blockrec.run.report import write_report

    path: Path = write_report(run, output, runs_dir=runs_dir)
    context.obj.result(str(path))
    if show:
        typer.launch(str(path))
