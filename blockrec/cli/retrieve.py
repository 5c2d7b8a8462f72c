"""`blockrec retrieve`."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated

import typer

from blockrec.cli.completion import devices
from blockrec.cli.options import Checkpoint, Imports, Json, OtherData, Run, RunsDir, Sets
from blockrec.cli.predict import OTHER_FORMS

EPILOG = """\b
Examples:
  blockrec retrieve tdm --out items.parquet             the 50 best items for the test samples, down the tree
  blockrec retrieve tdm --exact -k 10 --out best.parquet
  blockrec retrieve dssm --seen drop --keep user --out items.parquet"""


class Part(str, Enum):
    """Parts of the data."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


class Seen(str, Enum):
    """What becomes of items of the history."""

    KEEP = "keep"
    DROP = "drop"


def retrieve(
    context: typer.Context,
    run: Run,
    out: Annotated[str, typer.Option("-o", "--out", metavar="FILE.parquet", help="Where items are written.")],
    k: Annotated[int, typer.Option("-k", min=1, help="How many items for each sample.")] = 50,
    beam: Annotated[
        int | None, typer.Option(min=1, help="Nodes of each level of a tree that are opened. Default: 2 k.")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Score every item, also where there is a tree.")] = False,
    seen: Annotated[
        Seen | None, typer.Option(help="Items of the history. Default: as `eval.catalogue` says, else keep.")
    ] = None,
    data: OtherData = None,
    split: Annotated[Part | None, typer.Option(help="Which samples. Default: test, else valid.")] = None,
    keep: Annotated[
        list[str], typer.Option(metavar="NAME", help="Write this feature, label or column too; may be repeated.")
    ] = [],
    checkpoint: Checkpoint = None,
    sets: Sets = [],
    imports: Imports = [],
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Samples with an item that are scored at a time. Default: that of the run."),
    ] = None,
    device: Annotated[str | None, typer.Option(autocompletion=devices, help="auto, cpu, cuda or mps.")] = None,
    runs_dir: RunsDir = "runs",
    as_json: Json = False,
) -> None:
    """Write the best items of a finished run for each sample.

    A Parquet file with a row a sample: ids of items, the best first, and their scores. A run over a tree of items
    searches it; others score every item of the training samples.
    """
    from blockrec.run.retrieve import retrieve as write

    if out.endswith(OTHER_FORMS):
        raise typer.BadParameter(f"items are written as Parquet, not as `{out}`", param_hint="--out")
    found = write(
        run,
        out,
        k=k,
        beam=beam,
        exact=exact,
        seen=seen.value if seen else None,
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
