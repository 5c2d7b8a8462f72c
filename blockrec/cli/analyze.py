"""`blockrec analyze`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from blockrec.cli.completion import analyses, devices
from blockrec.cli.options import Checkpoint, Imports, Json, RunsDir

EPILOG = """\b
Examples:
  blockrec analyze                                    all analyses and their options
  blockrec analyze dare retrieval                     of the latest run
  blockrec analyze runs/twin/latest conflict --with steps=1000
  blockrec analyze dare length --with lengths=10,20,50 --json"""


def analyze(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="A run directory, or a model: its latest run."),
    ] = None,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", autocompletion=analyses, help="Which analysis.")
    ] = None,
    options: Annotated[
        list[str], typer.Option("--with", metavar="OPTION=VALUE", help="An option of the analysis; may be repeated.")
    ] = [],
    checkpoint: Checkpoint = None,
    imports: Imports = [],
    device: Annotated[str | None, typer.Option(autocompletion=devices, help="auto, cpu, cuda or mps.")] = None,
    runs_dir: RunsDir = "runs",
    as_json: Json = False,
) -> None:
    """See what a trained model learned: where it looks, what it finds there, what its tables are torn by.

    Each analysis prints tables, writes analysis/NAME.json in the run's directory, and is shown in its report.html.
    """
    from blockrec.run.analyze import analyze_run, catalogue

    if run is None:
        context.obj.result(catalogue())
        return
    if name is None:
        raise typer.BadParameter("name an analysis; `blockrec analyze` lists them", param_hint="NAME")
    found = analyze_run(
        run,
        name,
        options,
        checkpoint=checkpoint,
        imports=imports,
        device=device,
        runs_dir=runs_dir,
        console=context.obj.console(),
    )
    context.obj.result(json.dumps(found.to_json(), indent=2) if as_json else str(found))
