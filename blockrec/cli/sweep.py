"""`blockrec sweep`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from blockrec.cli.exits import FAILED, INTERRUPTED, OK
from blockrec.cli.options import Data, Imports, Json, Model, Sets, Variants, names

if TYPE_CHECKING:
    from blockrec.run.sweep import SweepResult

EPILOG = """\b
Examples:
  blockrec sweep model.yaml                     every point of its `sweep`, with every seed
  blockrec sweep model.yaml                     the same again goes on where it was stopped
  blockrec sweep model.yaml --jobs 4 --seeds 3  four runs at a time, seeds 1, 2 and 3
  blockrec sweep model.yaml --dry-run           checks every point, counts the runs
  blockrec sweep dare --set 'sweep={grid: {params.top_k: [5, 20]}, seeds: 3}'
  blockrec sweep model.yaml --table             what it has found so far"""


def sweep(
    context: typer.Context,
    model: Model,
    data: Data = None,
    sets: Sets = [],
    variants: Variants = [],
    imports: Imports = [],
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the training data.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Training steps, instead of epochs.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")] = None,
    seeds: Annotated[str, typer.Option(metavar="N|A,B,...", help="Seeds of each point: 1 to N, or these.")] = "",
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at a time.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Run what failed again.")] = False,
    runs_dir: Annotated[str, typer.Option(metavar="DIR", help="Where the sweep's directory is made.")] = "runs",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the points and count the runs.")] = False,
    table: Annotated[bool, typer.Option("--table", help="Run nothing, show what is there.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line a run.")] = False,
    as_json: Json = False,
) -> int:
    """Train every point of a model's `sweep` and compare.

    Points are combinations of settings (`grid`, `zip`, `random`), each trained with several seeds. Finished runs are
    kept in a table, so that the same command goes on after an interruption and repeats nothing.
    """
    from blockrec.run.prepare import Wishes
    from blockrec.run.sweep import sweep as run_all
    from blockrec.run.sweep import sweep_so_far

    patches, wanted = names(variants), _seeds(seeds)
    if table:
        wishes = Wishes(patches, sets, data, imports, epochs, steps)
        found = sweep_so_far(model, wishes, seeds=wanted, runs_dir=runs_dir)
    else:
        found = run_all(
            model,
            variants=patches,
            sets=sets,
            data=data,
            imports=imports,
            epochs=epochs,
            steps=steps,
            device=device,
            seeds=wanted,
            jobs=jobs,
            retry=retry,
            dry_run=dry_run,
            runs_dir=runs_dir,
            console=context.obj.console(),
        )
    context.obj.result(_form(found, as_csv=as_csv, as_json=as_json))
    for note in found.notes():
        context.obj.note(note)
    return INTERRUPTED if found.interrupted else FAILED if found.failures else OK


def _seeds(text: str) -> list[int]:
    """`3` → [1, 2, 3]; `7,9` → [7, 9]."""
    try:
        given = [int(word) for word in text.split(",") if word.strip()]
    except ValueError:
        given = [-1]
    if any(seed < 0 for seed in given) or len(set(given)) < len(given) or (text.strip() == "0"):
        raise typer.BadParameter(f"`{text}` is neither a count nor a list of different seeds", param_hint="--seeds")
    return list(range(1, given[0] + 1)) if len(given) == 1 and "," not in text else given


def _form(found: SweepResult, *, as_csv: bool, as_json: bool) -> str:
    if as_json:
        return json.dumps(found.to_json(), indent=2)
    return found.to_csv().rstrip("\n") if as_csv else str(found)
