"""`blockrec data`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from blockrec.cli.exits import OK, USAGE, WRONG
from blockrec.cli.options import Json, Sets, Variants, names

if TYPE_CHECKING:
    from blockrec.cli.terminal import Terminal

EPILOG = """\b
Examples:
  blockrec data log.parquet                      what is in a file: types, nulls, ids, lengths of lists
  blockrec data 'log/*.csv' --infer > card.yaml  a dataset card to begin with
  blockrec data model.yaml                       what the model wants beside what its data have
  blockrec data movielens_100k --set data.root=ml-100k"""


def data(
    context: typer.Context,
    thing: Annotated[str, typer.Argument(metavar="FILES|MODEL|CARD", help="Files of data, a model, or a card.")],
    infer: Annotated[bool, typer.Option("--infer", help="Print a dataset card for files, as YAML.")] = False,
    card: Annotated[str | None, typer.Option("--data", metavar="CARD", help="Of a model: another card.")] = None,
    sets: Sets = [],
    variants: Variants = [],
    delimiter: Annotated[
        str | None, typer.Option(help=r"Of a CSV file, \t for a tab. Default: a comma; a tab for .tsv.")
    ] = None,
    columns: Annotated[str | None, typer.Option(help="a,b,c: of a CSV file without a first line of names.")] = None,
    lists: Annotated[str | None, typer.Option(help="What stands between the values of one list in CSV.")] = None,
    encoding: Annotated[str, typer.Option(help="Of a CSV file, e.g. latin-1.")] = "utf-8",
    as_json: Json = False,
) -> int:
    """Look at data: what a model wants of them beside what they have.

    Reads every row once, trains nothing. The exit code is 2 if a feature cannot be read as it is declared.
    """
    from blockrec.diagnostics import fail
    from blockrec.run.data_text import card_text, proposal_text, survey_text, wanted_text
    from blockrec.run.data_view import is_data, look_at_files, look_at_model
    from blockrec.run.log import Log

    terminal: Terminal = context.obj
    log = Log(terminal.console())
    if is_data(thing):
        named = columns.split(",") if columns else []
        found, proposal = look_at_files(thing, log, delimiter=delimiter, columns=named, lists=lists, encoding=encoding)
        if infer and not found.rows:
            raise fail("E501", f"`{thing}` has columns and no rows", help="a proposal needs values to look at")
        if as_json:
            terminal.result(
                json.dumps({**found.to_json(), "proposal": proposal.card, "notes": proposal.notes}, indent=2)
            )
        else:
            terminal.result(card_text(proposal) if infer else survey_text(thing, found))
            if not infer:
                terminal.note(proposal_text(thing))
            if number := next((name for name in found.columns if name.replace(".", "", 1).isdigit()), None):
                terminal.note(
                    f"a column has the name `{number}`: if that is a value, name the columns: --columns a,b,c"
                )
        return OK
    if infer:
        terminal.complain(f"error: `{thing}` is a model or a card, which says what its features are")
        terminal.complain("  = help: `--infer` is for files of data")
        return USAGE
    name, wanted = look_at_model(thing, log, data=card, sets=sets, variants=names(variants))
    terminal.result(json.dumps(wanted.to_json(), indent=2) if as_json else wanted_text(name, wanted))
    return WRONG if any(reading.wrong for reading in wanted.readings) else OK
