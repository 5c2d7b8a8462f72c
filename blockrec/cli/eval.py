"""`blockrec eval`."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated

import typer

from blockrec.cli.completion import devices
from blockrec.cli.options import Checkpoint, Imports, Json, OtherData, Run, RunsDir, Sets

EPILOG = """\b
Examples:
  blockrec eval dare                                        the latest run again, on its test samples
  blockrec eval runs/dare/20260101-120000-a1b2c3 --split valid --checkpoint last
  blockrec eval dare --data march.parquet                   on another log of the same form
  blockrec eval dare --set 'tasks.click.metrics=[logloss]'"""


class Part(str, Enum):
    """Parts of the data."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


def evaluate(
    context: typer.Context,
    run: Run,
    split: Annotated[Part | None, typer.Option(help="What to measure on. Default: test, else valid.")] = None,
    data: OtherData = None,
    checkpoint: Checkpoint = None,
    sets: Sets = [],
    imports: Imports = [],
    batch_size: Annotated[int | None, typer.Option(min=1, help="Samples a batch. Default: that of the run.")] = None,
    device: Annotated[str | None, typer.Option(autocompletion=devices, help="auto, cpu, cuda or mps.")] = None,
    runs_dir: RunsDir = "runs",
    as_json: Json = False,
) -> None:
    """Measure a finished run again, on its own data or on others.

    Vocabularies, edges and scales are those that the run learned, whatever the data.
    """
    from blockrec.run.measure import evaluate_run

    found = evaluate_run(
        run,
        checkpoint=checkpoint,
        data=data,
        split=split.value if split else None,
        sets=sets,
        imports=imports,
        batch_size=batch_size,
        device=device,
        runs_dir=runs_dir,
        console=context.obj.console(),
    )
    context.obj.result(json.dumps(found.to_json(), indent=2) if as_json else str(found))
