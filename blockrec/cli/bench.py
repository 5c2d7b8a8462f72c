"""`blockrec bench`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from blockrec.cli.completion import devices, models
from blockrec.cli.options import Data, Imports, Json, Sets, Variants, names

EPILOG = """\b
Examples:
  blockrec bench dare                              a packaged model on its own card
  blockrec bench model.yaml --data complete_journey --steps 100
  blockrec bench runs/dare/latest --no-reference   the model of a run"""


def bench(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NAME|RUN", autocompletion=models, help="A model file, a packaged model, or a run."
        ),
    ],
    steps: Annotated[int, typer.Option(min=2, help="Steps to time.")] = 30,
    reference: Annotated[bool, typer.Option(help="Also train with the reference kernels.")] = True,
    data: Data = None,
    sets: Sets = [],
    variants: Variants = [],
    imports: Imports = [],
    device: Annotated[str | None, typer.Option(autocompletion=devices, help="auto, cpu, cuda or mps.")] = None,
    as_json: Json = False,
) -> None:
    """Time training steps and their parts, and count memory.

    On the model's own batches, after a few steps to warm up; nothing is written.
    """
    from blockrec.run.bench import bench as measure

    found = measure(
        model,
        steps=steps,
        reference=reference,
        variants=names(variants),
        sets=sets,
        data=data,
        imports=imports,
        device=device,
        console=context.obj.console(),
    )
    context.obj.result(json.dumps(found.to_json(), indent=2) if as_json else str(found))
