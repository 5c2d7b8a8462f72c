"""`blockrec explain`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockrec.cli import block_page, catalogue, metric_page, pages
from blockrec.cli.checked import checked_model
from blockrec.cli.completion import parts, things
from blockrec.cli.exits import OK, USAGE
from blockrec.cli.options import Data, Imports, Json, NoImports, Sets, Variants
from blockrec.codes import CODES
from blockrec.diagnostics import did_you_mean
from blockrec.language.schema.metrics import KINDS

if TYPE_CHECKING:
    from blockrec.cli.terminal import Terminal
    from blockrec.graph.compile import Checked
    from blockrec.signature import Signature

EPILOG = """\b
Examples:
  blockrec explain din                    inputs, outputs, parameters, formula and an example of a block
  blockrec explain din.hidden             one parameter, input or output of a block
  blockrec explain ndcg                   a metric of tasks
  blockrec explain movielens_1m           a dataset card: what it is, how to get it, what it offers
  blockrec explain E310                   what a diagnostic's code stands for
  blockrec explain model.yaml             a model: tables, work, kernels, what is shared and left out
  blockrec explain dare head.norm         a node: where each size and each parameter comes from
  blockrec explain dare --kernels         which kernel each op of each node gets here, and why not a better one
  blockrec explain dare item              also features, tables, tasks, composites, $top_k, train.epochs
  blockrec explain dare --variant paper --resolved    the file with everything merged and all defaults"""

ENDINGS = (".yaml", ".yml")


def explain(
    context: typer.Context,
    thing: Annotated[
        str,
        typer.Argument(
            metavar="BLOCK|METRIC|CODE|CARD|FILE|NAME",
            autocompletion=things,
            help="A block, a metric, a code, a dataset card, or a model.",
        ),
    ],
    part: Annotated[
        str | None,
        typer.Argument(
            metavar="PART", autocompletion=parts, help="Of the model: a node, feature, table, task, setting, ..."
        ),
    ] = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="The model file that is left, and where each line comes from.")
    ] = False,
    kernels: Annotated[
        bool, typer.Option("--kernels", help="The kernels of a model on this machine, and reasons against others.")
    ] = False,
    data: Data = None,
    sets: Sets = [],
    variants: Variants = [],
    imports: Imports = [],
    no_imports: NoImports = False,
    as_json: Json = False,
) -> int:
    """Explain a block, metric, code, card, model or part of a model."""
    answer = _Answer(context.obj, as_json)
    if part is None and not (resolved or kernels or sets or variants or data) and not _is_file(thing):
        return answer.block_or_code(thing, imports)
    checked = checked_model(thing, variants=variants, sets=sets, data=data, imports=imports, no_imports=no_imports)
    for option, given in (("--resolved", resolved), ("--kernels", kernels)):
        if given and part is not None:
            raise typer.BadParameter("it shows the whole file: leave PART out", param_hint=option)
    if kernels:
        return answer.kernels(checked)
    if resolved:
        return answer.resolved(checked)
    return answer.model(checked) if part is None else answer.part(checked, part)


def _is_file(name: str) -> bool:
    """Whether a model is meant: a file, or a packaged model of which no block has the name."""
    return name.endswith(ENDINGS) or Path(name).is_file()


class _Answer:
    """Prints one answer, as text or JSON."""

    def __init__(self, terminal: Terminal, as_json: bool) -> None:
        self.terminal, self.as_json = terminal, as_json

    def _say(self, plain: Any, text: str) -> int:
        self.terminal.result(json.dumps(plain, indent=2, default=str) if self.as_json else text)
        return OK

    def _unknown(self, message: str, help: str) -> int:
        self.terminal.complain(f"error: {message}\n  = help: {help}")
        return USAGE

    def block_or_code(self, thing: str, imports: Iterable[str]) -> int:
        from blockrec.language.files import packaged_cards, packaged_models

        if thing.upper() in CODES:
            return self._code(thing.upper())
        known, models = catalogue.signatures(imports), packaged_models()
        if thing in known:
            if thing in models:
                near = os.path.relpath(models[thing])
                self.terminal.note(f"`{thing}` is a packaged model too: `blockrec explain {near}`")
            return self._say(known[thing].to_json(), block_page.page(thing, known[thing]))
        if thing in KINDS:
            return self._say(metric_page.data(KINDS[thing]), metric_page.page(KINDS[thing]))
        if thing in models:
            return self.model(checked_model(thing, variants=[], imports=[*imports]))
        if thing in (cards := packaged_cards()):
            return self._card(thing, cards[thing])
        block, _, name = thing.rpartition(".")
        if block in known:
            return self._block_part(block, name, known[block])
        help = did_you_mean(thing, [*known, *models, *cards, *KINDS, *CODES], "`blockrec blocks` lists the blocks")
        return self._unknown(f"no block, metric, code, model or card `{thing}`", help)

    def _card(self, name: str, file: Path) -> int:
        from blockrec.cli import card_page

        found = card_page.data(name, file)
        return self._say(found, card_page.page(found))

    def _code(self, code: str) -> int:
        try:
            page = pages.page(code)
        except KeyError:
            page = f"{code}: {CODES[code]}"
        return self._say({"code": code, "title": CODES[code], "page": page}, page)

    def _block_part(self, block: str, name: str, signature: Signature) -> int:
        names = block_page.parts(signature)
        if name not in names:
            help = did_you_mean(name, names, f"parameters and ports: {', '.join(names)}")
            return self._unknown(f"block `{block}` has no parameter or port `{name}`", help)
        found = block_page.part(block, name, signature)
        return self._say(found, block_page.part_text(found))

    def resolved(self, checked: Checked) -> int:
        from blockrec.language.resolved import origins, resolved_text

        if self.as_json:
            return self._say(origins(checked.document), "")
        return self._say(None, resolved_text(checked.document))

    def kernels(self, checked: Checked) -> int:
        from blockrec.cli import kernel_page
        from blockrec.graph.facts import facts
        from blockrec.graph.kernels import choices

        found = [*choices(facts(checked).kernels)]
        return self._say([*map(asdict, found)], kernel_page.page(found))

    def model(self, checked: Checked) -> int:
        from blockrec.cli import model_page
        from blockrec.graph.facts import facts

        if self.as_json:
            return self._say(facts(checked).to_json(), "")
        return self._say(None, model_page.model(checked, bind=self.terminal.verbose))

    def part(self, checked: Checked, name: str) -> int:
        from blockrec.cli import model_page
        from blockrec.graph.explain import Unexplained, explain

        try:
            found = explain(checked, name)
        except Unexplained as error:
            return self._unknown(str(error), error.help)
        return self._say([page.to_json() for page in found], "\n\n".join(map(model_page.part, found)))
