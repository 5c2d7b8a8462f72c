"""`blockrec run`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from blockrec.cli.completion import devices, precisions
from blockrec.cli.exits import OK
from blockrec.cli.options import Data, Imports, Json, OptionalModel, Sets, Variants, names

EPILOG = """\b
Examples:
  blockrec run dare                                   the packaged model on its own card
  blockrec run model.yaml --variant twin --epochs 3
  blockrec run din --data complete_journey            the same model on real logs
  blockrec run model.yaml --synthetic                 no data set needed: does it train?
  blockrec run din --set data.batch_size=512 --dry-run
  blockrec run din --resume                           goes on with the last run of din
  blockrec run --resume runs/din/latest --epochs 9    goes on with a run as it is, but longer
  blockrec run model.yaml --warm-start din            begins with the weights of a run"""


def run(
    context: typer.Context,
    model: OptionalModel = None,
    data: Data = None,
    sets: Sets = [],
    variants: Variants = [],
    imports: Imports = [],
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="On generated data, so that any model runs without a data set.")
    ] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the training data.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps, instead of epochs.")] = None,
    device: Annotated[str | None, typer.Option(autocompletion=devices, help="auto, cpu, cuda or mps.")] = None,
    precision: Annotated[
        str | None, typer.Option(autocompletion=precisions, help="fp32, bf16 or fp16; as --set train.precision=…")
    ] = None,
    fuse: Annotated[
        bool, typer.Option("--fuse/--no-fuse", help="Read rows of tables in place, or copy them first; same results.")
    ] = True,
    seed: Annotated[int | None, typer.Option(help="Seed of initial weights, order and sampling.")] = None,
    runs_dir: Annotated[str, typer.Option(metavar="DIR", help="Where the run's directory is made.")] = "runs",
    profile: Annotated[
        bool, typer.Option("--profile", help="Time each node, forward and backward, at the end.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Data, model and one batch; no training.")] = False,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="[RUN|last]", help="Go on with a run: its directory, one of its checkpoints, or the last."
        ),
    ] = None,
    warm_start: Annotated[
        str | None, typer.Option(metavar="RUN", help="Begin with the weights of a run, as far as they fit.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Train a model, evaluate it and report.

    Results, weights and the picture of the model go to a directory of their own; the last line says where.
    """
    if model is None and resume is None:
        raise typer.BadParameter("name a model, or a run to go on with: `--resume`")
    from blockrec.run import run as train
    from blockrec.run.interrupt import stopped

    result = train(
        model,
        variants=names(variants),
        sets=[*sets, *_more_sets(precision, fuse=fuse)],
        data=data,
        synthetic=synthetic,
        imports=imports,
        epochs=epochs,
        steps=steps,
        device=device,
        seed=seed,
        runs_dir=runs_dir,
        profile=profile,
        dry_run=dry_run,
        resume=resume,
        warm_start=warm_start,
        console=context.obj.console(),
    )
    context.obj.result(json.dumps(result.to_json(), indent=2) if as_json else str(result))
    if result.interrupted:
        raise stopped(result)
    return OK


def _more_sets(precision: str | None, *, fuse: bool) -> list[str]:
    """The options that are short forms of settings."""
    return [*([f"train.precision={precision}"] if precision else []), *([] if fuse else ["fuse=false"])]
