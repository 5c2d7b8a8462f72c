"""`blockrec tree`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from blockrec.cli.options import Checkpoint, Imports, Json, Run, RunsDir

EPILOG = """\b
Examples:
  blockrec tree tdm --out leaves.parquet           what the latest run of tdm has learned
  blockrec tree dssm --branching 4 --out leaves.parquet"""


def tree(
    context: typer.Context,
    run: Run,
    out: Annotated[str, typer.Option("-o", "--out", metavar="FILE.parquet", help="Where leaves are written.")],
    branching: Annotated[int, typer.Option(min=2, help="Children of a node, at most.")] = 2,
    item: Annotated[
        str | None, typer.Option(metavar="FEATURE", help="Whose vectors. Default: that of the run's tree or catalogue.")
    ] = None,
    table: Annotated[str, typer.Option(metavar="NAME", help="The table with the vectors.")] = "main",
    checkpoint: Checkpoint = None,
    imports: Imports = [],
    runs_dir: RunsDir = "runs",
    as_json: Json = False,
) -> None:
    """Cluster the items of a finished run into a tree to search.

    By the vectors that the run has learned: recursive k-means, each node divided evenly. The file goes into
    `data.tree.by` of a model that retrieves down a tree.
    """
    from blockrec.run.leaves import write_leaves
    from blockrec.run.log import Log

    found = write_leaves(
        run,
        out,
        item=item,
        table=table,
        branching=branching,
        checkpoint=checkpoint,
        imports=imports,
        runs_dir=runs_dir,
        log=Log(context.obj.console()),
    )
    context.obj.result(json.dumps(found.to_json(), indent=2) if as_json else str(found))
