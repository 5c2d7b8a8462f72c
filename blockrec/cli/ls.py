"""`blockrec ls`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockrec.cli.checked import checked_model
from blockrec.cli.columns import columns
from blockrec.cli.completion import nodes
from blockrec.cli.exits import OK, USAGE
from blockrec.cli.options import Data, Imports, Json, Model, NoImports, Sets, Variants
from blockrec.words import human, shortened

if TYPE_CHECKING:
    from blockrec.graph.written import Written

EPILOG = """\b
Examples:
  blockrec ls dare                        all nodes
  blockrec ls dare +search                search and all that it depends on
  blockrec ls dare 2+head                 head, and two steps up
  blockrec ls dare search+ --exclude 'dense_head.*'
  blockrec ls dare block:mlp              by block; also kernel: table: feature: task: loss: output: watch:
  blockrec ls dare +task:click,block:embed    a comma: both hold"""

WIDEST = 60
"""Characters of the inputs."""


def ls(
    context: typer.Context,
    model: Model,
    selection: Annotated[
        list[str] | None,
        typer.Argument(metavar="SEL", autocompletion=nodes, help="Which nodes; several are added up. Default: all."),
    ] = None,
    exclude: Annotated[
        list[str],
        typer.Option("--exclude", metavar="SEL", autocompletion=nodes, help="Nodes to leave out; may be repeated."),
    ] = [],
    data: Data = None,
    sets: Sets = [],
    variants: Variants = [],
    imports: Imports = [],
    no_imports: NoImports = False,
    as_json: Json = False,
) -> int:
    """List nodes of a model, all or those selected."""
    from blockrec.graph.select import SelectionError, select
    from blockrec.graph.size import size
    from blockrec.graph.written import written_nodes

    checked = checked_model(model, variants=variants, sets=sets, data=data, imports=imports, no_imports=no_imports)
    try:
        listed = select(checked.graph, " ".join(selection or []), exclude=" ".join(exclude), kernels=checked.kernels)
    except SelectionError as error:
        context.obj.complain(f"error: {error}\n  = help: {error.help}")
        return USAGE
    nodes = [node for name, node in written_nodes(checked.graph).items() if name in {*listed}]
    if as_json:
        context.obj.result(json.dumps([_plain(node) for node in nodes], indent=2))
        return OK
    if nodes:
        context.obj.result("\n".join(table(nodes)))
    context.obj.note(f"{len(nodes)} of {len(written_nodes(checked.graph))} nodes; the model: {size(checked.graph)}")
    return OK


def table(nodes: list[Written]) -> list[str]:
    """A line a node under a head; the kernel, and ports that read tables in place, only if some node has such."""
    more = {
        "kernel": [node.node.kernel or "" for node in nodes],
        "in place": [", ".join(node.node.fused) for node in nodes],
    }
    shown = {title: column for title, column in more.items() if any(column)}
    head = ("node", "block", "inputs", "gives", "params", "FLOPs", *shown)
    rows = [(*_row(node), *(column[i] for column in shown.values())) for i, node in enumerate(nodes)]
    return columns([head, *rows], right=(4, 5))


def _row(node: Written) -> tuple[str, ...]:
    return (
        node.name,
        node.block,
        shortened(inputs(node), WIDEST),
        gives(node),
        _number(node.parameters),
        _number(node.flops),
    )


def inputs(node: Written) -> str:
    """`a, b` of the only port, else `query: a, keys` where the port `keys` takes a node of its name."""
    if len(node.inputs) == 1:
        return ", ".join(*node.inputs.values())
    return ", ".join(v if v == p else f"{p}: {v}" for p, v in ((p, ", ".join(v)) for p, v in node.inputs.items()))


def gives(node: Written) -> str:
    """`[b, 96]`; of another output than `out` with its name."""
    return ", ".join(f"{'' if name == 'out' else f'{name} '}{type}" for name, type in node.outputs.items())


def _number(count: int | None) -> str:
    return "?" if count is None else human(count)


def _plain(node: Written) -> dict[str, Any]:
    return {
        "name": node.name,
        "block": node.block,
        "inputs": node.inputs,
        "params": node.params,
        "outputs": {name: {"dtype": t.dtype, "axes": t.axes, "jagged": t.jagged} for name, t in node.outputs.items()},
        "parameters": node.parameters,
        "flops": node.flops,
        "bytes": node.bytes,
        "kernel": node.node.kernel,
        "fused": node.node.fused,
        "shares": node.node.shares,
    }
