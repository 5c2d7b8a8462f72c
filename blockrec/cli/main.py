"""The command line: the commands, the global options, and the way out."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]  # which typer imports there, too

from blockrec.cli import (
    analyze,
    bench,
    blocks,
    check,
    compare,
    data,
    diff,
    doctor,
    eval,
    explain,
    export,
    fetch,
    ls,
    new,
    predict,
    retrieve,
    run,
    run_report,
    schema,
    shell,
    sweep,
    tree,
    version,
    viz,
)
from blockrec.cli.exits import guarded
from blockrec.cli.terminal import Color, Terminal, globals_first, resume_last

EPILOG = """\b
Start here:
  blockrec run dare                  train a packaged model on generated data
  blockrec run dare --data CARD      the same model on another data set
  blockrec check model.yaml          every mistake in a file, with its place
  blockrec viz model.yaml            draw it
  blockrec blocks attention          find a block;  blockrec explain din  shows one

\b
Exit codes: 0 ok, 1 the run failed, 2 the model or its data is wrong (diagnostics),
3 wrong usage, 4 the environment is at fault, 130 interrupted."""

COLLECT = (20_000, 50, 100)
"""When the garbage collector looks: rarely, because a model is many small values, nearly all of which are kept."""

app = typer.Typer(name="blockrec", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command(epilog=new.EPILOG)(new.new)
app.command(epilog=run.EPILOG)(run.run)
app.command(epilog=sweep.EPILOG)(sweep.sweep)
app.command(epilog=compare.EPILOG)(compare.compare)
app.command("eval", epilog=eval.EPILOG)(eval.evaluate)
app.command(epilog=predict.EPILOG)(predict.predict)
app.command(epilog=retrieve.EPILOG)(retrieve.retrieve)
app.command(epilog=export.EPILOG)(export.export)
app.command(epilog=run_report.EPILOG)(run_report.report)
app.command(epilog=analyze.EPILOG)(analyze.analyze)
app.command(epilog=tree.EPILOG)(tree.tree)
app.command(epilog=bench.EPILOG)(bench.bench)
app.command(epilog=fetch.EPILOG)(fetch.fetch)
app.command(epilog=check.EPILOG)(check.check)
app.command(epilog=data.EPILOG)(data.data)
app.command(epilog=viz.EPILOG)(viz.viz)
app.command(epilog=ls.EPILOG)(ls.ls)
app.command(epilog=diff.EPILOG)(diff.diff)
app.command(epilog=blocks.EPILOG)(blocks.blocks)
app.command(epilog=explain.EPILOG)(explain.explain)
app.command(epilog=doctor.EPILOG)(doctor.doctor)
app.command(epilog=schema.EPILOG)(schema.schema)
app.command(epilog=shell.EPILOG)(shell.completion)
app.command()(version.version)


@app.callback(epilog=EPILOG)
def blockrec(
    context: typer.Context,
    color: Annotated[Color, typer.Option(help="Colour; NO_COLOR in the environment means never.")] = Color.AUTO,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only results and diagnostics, no progress.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more; show tracebacks of defects.")] = False,
) -> None:
    """Recommender models as YAML files: check, train, measure and draw them.

    These options may stand before or after the command.
    """
    terminal: Terminal = context.obj
    terminal.color, terminal.quiet, terminal.verbose = color, quiet, verbose


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code; without arguments, show the help."""
    words = resume_last(globals_first(sys.argv[1:] if arguments is None else list(arguments))) or ["--help"]
    terminal = Terminal()
    if "_BLOCKREC_COMPLETE" in os.environ:
        completion_init()
    gc.set_threshold(*COLLECT)
    sys.exit(guarded(lambda: app(words, prog_name="blockrec", standalone_mode=False, obj=terminal), terminal))
