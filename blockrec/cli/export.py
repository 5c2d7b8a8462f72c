"""`blockrec export`."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated

import typer

from blockrec.cli.options import Checkpoint, Imports, Json, Run, RunsDir

EPILOG = """\b
Examples:
  blockrec export dare --verify                      the best weights of the latest run, read back and compared
  blockrec export runs/dare/latest --out dare-v3 --checkpoint last
  blockrec predict dare-v3 --data new.parquet --out scores.parquet"""


class Format(str, Enum):
    """How weights are written."""

    SAFETENSORS = "safetensors"


def export(
    context: typer.Context,
    run: Run,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="A new folder. Default: RUN/export.")] = None,
    formats: Annotated[
        list[Format], typer.Option("--format", help="Of the weights; may be repeated. Default: what the file says.")
    ] = [],
    checkpoint: Checkpoint = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read it back and compare outputs on a batch.")] = False,
    imports: Imports = [],
    runs_dir: RunsDir = "runs",
    as_json: Json = False,
) -> None:
    """Write the model of a run without what only training needs.

    The folder holds weights, the resolved model file and vocabularies; every command that takes a run takes it. With
    them go the towers and the index of items that the file names (`export.towers`, `export.index`).
    """
    from blockrec.run.export import export as write
    from blockrec.run.log import Log

    found = write(
        run,
        out,
        formats=[name.value for name in formats],
        checkpoint=checkpoint,
        verify=verify,
        imports=imports,
        runs_dir=runs_dir,
        log=Log(context.obj.console()),
    )
    context.obj.result(json.dumps(found.to_json(), indent=2) if as_json else str(found))
