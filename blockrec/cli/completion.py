"""What the shell may complete: names, files, and what the model file of the command line holds.

A completion is silent about whatever is wrong, the command itself is not; and it starts without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import TypeVar

import typer

_Complete = TypeVar("_Complete", bound=Callable[..., list[str]])
_MODELS = ("model", "models", "thing", "a", "b")
"""Arguments of commands that name a model."""


def _silent(complete: _Complete) -> _Complete:
    @wraps(complete)
    def quiet(*arguments: object, **named: object) -> list[str]:
        try:
            return complete(*arguments, **named)
        except Exception:
            return []

    return quiet  # type: ignore[return-value]


@_silent
def packaged(incomplete: str) -> list[str]:
    """Packaged models."""
    from blockrec.language.files import packaged_models

    return _starting(incomplete, packaged_models())


@_silent
def models(incomplete: str) -> list[str]:
    """Packaged models and YAML files."""
    return [*packaged(incomplete), *_files(incomplete, ".yaml", ".yml")]


@_silent
def cards(incomplete: str) -> list[str]:
    """Packaged dataset cards and YAML files."""
    from blockrec.language.files import packaged_cards

    return [*_starting(incomplete, packaged_cards()), *_files(incomplete, ".yaml", ".yml")]


@_silent
def datasets(incomplete: str) -> list[str]:
    """Data sets that can be fetched, and their parts."""
    from blockrec.data.fetch.catalogue import names

    return _starting(
        incomplete, [f"{name}/{part}" if part else name for name, parts in names().items() for part in parts or [""]]
    )


@_silent
def modules(incomplete: str) -> list[str]:
    """Python files."""
    return _files(incomplete, ".py")


@_silent
def blocks(incomplete: str) -> list[str]:
    """Blocks and forms."""
    from blockrec.cli.catalogue import signatures

    return _starting(incomplete, signatures())


@_silent
def things(incomplete: str) -> list[str]:
    """What `explain` knows: blocks, metrics, codes, cards, models."""
    from blockrec.codes import CODES
    from blockrec.language.files import packaged_cards
    from blockrec.language.schema.metrics import KINDS

    codes = _starting(incomplete.upper(), CODES) if incomplete else []
    words = [*_starting(incomplete, KINDS), *codes, *_starting(incomplete, packaged_cards())]
    return list(dict.fromkeys([*blocks(incomplete), *words, *models(incomplete)]))


@_silent
def variants(ctx: typer.Context, incomplete: str) -> list[str]:
    """Variants of the model, also behind a comma: `twin,no_aux`."""
    from blockrec.cli import suggestions

    before, comma, last = incomplete.rpartition(",")
    known = [name for name in suggestions.variants(_model(ctx)) if name not in before.split(",")]
    return [f"{before}{comma}{name}" for name in _starting(last, known)]


@_silent
def settings(ctx: typer.Context, incomplete: str) -> list[str]:
    """Paths for `--set`: sections, nodes, their parameters."""
    from blockrec.cli import suggestions

    return _starting(incomplete, suggestions.settings(_model(ctx), incomplete, _chosen(ctx)))


@_silent
def nodes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Nodes of the model, also behind the `+`, `2+` or `,` of a selection."""
    from blockrec.cli import suggestions

    start = max(incomplete.rfind("+"), incomplete.rfind(",")) + 1
    known = _starting(incomplete[start:], suggestions.nodes(_model(ctx), _chosen(ctx)))
    return [f"{incomplete[:start]}{name}" for name in known]


@_silent
def parts(ctx: typer.Context, incomplete: str) -> list[str]:
    """Nodes, features and parameters of the model."""
    from blockrec.cli import suggestions

    return _starting(incomplete, suggestions.names(_model(ctx), _chosen(ctx)))


@_silent
def devices(incomplete: str) -> list[str]:
    """Where a model can be trained."""
    from blockrec.language.schema.train import TRAIN

    return _starting(incomplete, TRAIN["properties"]["device"]["enum"])


@_silent
def precisions(incomplete: str) -> list[str]:
    """How exact products can be."""
    from blockrec.language.schema.train import TRAIN

    return _starting(incomplete, TRAIN["properties"]["precision"]["enum"])


@_silent
def runs(incomplete: str) -> list[str]:
    """Models that have runs, and folders, which may be runs."""
    found = Path("runs")
    names = [path.name for path in found.iterdir()] if found.is_dir() else []
    return [*_starting(incomplete, names), *_files(incomplete)]


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))


def _files(incomplete: str, *endings: str) -> list[str]:
    """Files with these endings, and folders with a slash, that begin with what is written."""
    folder, _, start = incomplete.rpartition("/")
    return sorted(
        f"{folder}/{name}" if "/" in incomplete else name for name in _within(folder, incomplete, start, endings)
    )


def _within(folder: str, incomplete: str, start: str, endings: tuple[str, ...]) -> Iterator[str]:
    for path in Path(folder or ("/" if "/" in incomplete else ".")).iterdir():
        if path.name.startswith(start) and (start or not path.name.startswith(".")):
            if path.is_dir():
                yield f"{path.name}/"
            elif path.name.endswith(endings or ("/",)):
                yield path.name


def _model(ctx: typer.Context) -> str:
    """The model that the command line names so far; behind an option without a value, arguments are not parsed yet."""
    words = [*(ctx.params.get(name) for name in _MODELS), *ctx.args]
    found = next(word for word in words if word)
    return str(found if isinstance(found, str) else found[-1])


def _chosen(ctx: typer.Context) -> list[str]:
    return [name for word in ctx.params.get("variants") or () for name in word.split(",")]


@_silent
def analyses(incomplete: str) -> list[str]:
    """Analyses of runs: each is a file of its own."""
    folder = Path(__file__).parents[1] / "run" / "analyze" / "analyses"
    return _starting(incomplete, [path.stem.replace("_", "-") for path in folder.glob("[a-z]*.py")])
