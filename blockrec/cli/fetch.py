"""`blockrec fetch`."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockrec.cli.columns import columns
from blockrec.cli.completion import datasets
from blockrec.cli.exits import OK, USAGE
from blockrec.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blockrec.cli.terminal import Terminal
    from blockrec.data.fetch.catalogue import Entry
    from blockrec.data.fetch.download import Progress
    from blockrec.data.fetch.fetch import Fetched, Say

EPILOG = """\b
Examples:
  blockrec fetch                                       the data sets that are known
  blockrec fetch movielens_1m                          shows the terms, asks, downloads, compares
  blockrec fetch amazon_2023/Video_Games --accept-licence
  blockrec fetch tmall --url ~/Downloads/data_format1.zip     got by hand

\b
Data sets lie in $BLOCKREC_DATA, else in the folder `datasets` of the cache; a card finds them there."""


def fetch(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", autocompletion=datasets, help="Of a data set; none: list them.")
    ] = None,
    urls: Annotated[
        list[str],
        typer.Option(
            "--url", metavar="URL|FILE", help="Where a file is, instead of the known address; may be repeated."
        ),
    ] = [],
    accept: Annotated[bool, typer.Option("--accept-licence", help="Accept the terms that are shown.")] = False,
    as_json: Json = False,
) -> int:
    """Download a published data set, or list those that are known.

    Goes on where an earlier attempt stopped, and compares checksums before anything is unpacked.
    """
    from blockrec.data.fetch.catalogue import entry_of
    from blockrec.data.fetch.fetch import fetch as get
    from blockrec.data.fetch.fetch import wanted
    from blockrec.data.fetch.places import folder_of

    terminal: Terminal = context.obj
    if name is None:
        return _list(terminal, as_json)
    entry = entry_of(name)
    folder = folder_of(entry.name)
    if folder.is_dir():
        terminal.result(
            json.dumps({"name": name, "folder": str(folder), "files": []}) if as_json else f"{folder} is there"
        )
        return OK
    files = wanted(entry, urls)
    if not _accepted(terminal, entry, accept):
        return USAGE
    with _progress(terminal) as (progress, say):
        fetched = get(entry, files, progress, say)
    card = entry.name.partition("/")[0]
    lines = [*map(_line, fetched), f"{name} is in {folder}; next: blockrec explain {card}"]
    terminal.result(_json(entry, fetched) if as_json else "\n".join(lines))
    return OK


def _list(terminal: Terminal, as_json: bool) -> int:
    from blockrec.data.fetch.catalogue import entry_of, names
    from blockrec.data.fetch.places import folder_of

    rows: list[dict[str, Any]] = []
    for name, parts in names().items():
        entry = entry_of(f"{name}/{parts[0]}" if parts else name)
        here = [part for part in parts if folder_of(f"{name}/{part}").is_dir()] or folder_of(name).is_dir()
        state = "here" if here else "can be fetched" if entry.files else "by hand"
        rows.append({"name": name, "state": state, "title": entry.title, "page": entry.page, "parts": parts})
    table = columns([(f"{row['name']}{'/PART' * bool(row['parts'])}", row["state"], row["title"]) for row in rows])
    terminal.result(json.dumps(rows, indent=1) if as_json else "\n".join(table))
    return OK


def _accepted(terminal: Terminal, entry: Entry, accept: bool) -> bool:
    """Whether the user accepts the terms, which are shown in any case."""
    show = terminal.note if accept else terminal.complain
    show(f"{entry.title}\n{entry.page}\n{entry.licence}")
    if accept:
        return True
    if not sys.stdin.isatty():
        terminal.complain("error: nobody is there to accept these terms\n  = help: write --accept-licence")
        return False
    return typer.confirm("Do you accept these terms?", err=True)


@contextmanager
def _progress(terminal: Terminal) -> Iterator[tuple[Progress, Say]]:
    """A bar for each file, without a terminal a line for each; and how to say something beside it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = terminal.console()
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    tasks: dict[str, Any] = {}

    def shown(name: str, done: int, total: int | None) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(name, total=total)
            if bar.disable:
                console.print(f"downloading {name}", markup=False)
        bar.update(tasks[name], completed=done, total=total)

    with bar:
        yield shown, lambda text: console.print(text, markup=False)


def _line(fetched: Fetched) -> str:
    from blockrec.data.fetch.places import RECORD, home

    said = {
        "published": "as published",
        "recorded": "as at the first download",
        "nothing": f"is published nowhere that is known; it is in {home() / RECORD} now, for the next download",
    }
    return f"{fetched.remote.name}: sha256 {fetched.seen.sha256} {said[fetched.against]}"


def _json(entry: Entry, fetched: list[Fetched]) -> str:
    from blockrec.data.fetch.places import folder_of

    files = [{"name": f.remote.name, **asdict(f.seen), "compared_with": f.against} for f in fetched]
    return json.dumps({"name": entry.name, "folder": str(folder_of(entry.name)), "files": files}, indent=1)
