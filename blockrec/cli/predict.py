"""`blockrec predict`."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated

import typer

from blockrec.cli.completion import devices
from blockrec.cli.options import Checkpoint, Imports, Json, OtherData, Run, RunsDir, Sets

EPILOG = """\b
Examples:
  blockrec predict dare --out scores.parquet                    the test samples of the latest run
  blockrec predict dare --data march.parquet --out march.scores.parquet
  blockrec predict dare --split all --keep user --keep click --out all.parquet"""

OTHER_FORMS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".arrow", ".feather", ".gz")


class Part(str, Enum):
    """Parts of the data."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"
    ALL = "all"


def predict(
    context: typer.Context,
    run: Run,
    out: Annotated[str, typer.Option("-o", "--out", metavar="FILE.parquet", help="Where predictions are written.")],
    data: OtherData = None,
    split: Annotated[
        Part | None, typer.Option(help="Which samples. Default: all of other data, else test, else valid.")
    ] = None,
    keep: Annotated[
        list[str], typer.Option(metavar="NAME", help="Write this feature, label or column too; may be repeated.")
    ] = [],
    checkpoint: Checkpoint = None,
    sets: Sets = [],
    imports: Imports = [],
    batch_size: Annotated[int | None, typer.Option(min=1, help="Samples a batch. Default: that of the run.")] = None,
    device: Annotated[str | None, typer.Option(autocompletion=devices, help="auto, cpu, cuda or mps.")] = None,
    runs_dir: RunsDir = "runs",
    as_json: Json = False,
) -> None:
    """Write predictions of a finished run to a Parquet file.

    And its outputs: one row a sample, with the ids that the model reads; labels need not be there. Data of any size:
    batch by batch.
    """
    from blockrec.run.predict import predict as write

    if out.endswith(OTHER_FORMS):
        raise typer.BadParameter(f"predictions are written as Parquet, not as `{out}`", param_hint="--out")

    found = write(
        run,
        out,
        data=data,
        split=split.value if split else None,
        keep=keep,
        checkpoint=checkpoint,
        sets=sets,
        imports=imports,
        batch_size=batch_size,
        device=device,
        runs_dir=runs_dir,
        console=context.obj.console(),
    )
    context.obj.result(json.dumps(found.to_json(), indent=2) if as_json else str(found))
