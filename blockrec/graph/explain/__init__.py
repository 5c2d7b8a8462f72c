"""Everything a checked model knows of one of its names, as pages of plain data; needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from blockrec.diagnostics import nearest
from blockrec.graph.compile import Checked
from blockrec.graph.explain import inputs, nodes, settings, sinks
from blockrec.graph.explain.page import Known, Page
from blockrec.words import listed

Finder = Callable[[Known, str], Iterator[Page]]
FINDERS: Mapping[str, tuple[Finder, ...]] = {
    "graph": (nodes.node, nodes.group, nodes.part),
    "features": (inputs.feature, inputs.sequence),
    "labels": (inputs.label,),
    "tasks": (sinks.task,),
    "losses": (sinks.loss,),
    "outputs": (sinks.output,),
    "watch": (sinks.watch,),
    "params": (settings.parameter,),
    "blocks": (nodes.composite,),
    "tables": (inputs.table,),
}
"""Section → how to find the pages of a name in it."""


class Unexplained(ValueError):
    """No page has this name; `help` is what to write instead."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"the model has nothing of the name `{name}`")
        section, _, rest = name.partition(".")
        hit = nearest(rest if section in FINDERS else name, known)
        self.help = f"did you mean `{hit}`?" if hit else f"known: {listed(known)}"


def explain(checked: Checked, name: str) -> list[Page]:
    """The pages of everything of that name; `tasks.click` and `labels.click` tell apart what shares one.

    name: of a node, its parameter (`search.k`) or output, a composite, a feature, sequence, label, table (`main.item`),
    task, loss, output, watched value, top-level parameter (`$dim`), or the path of a setting (`train.epochs`).
    Raises `Unexplained`.
    """
    known = Known(checked)
    section, _, rest = ("params", "", name[1:]) if name.startswith("$") else name.partition(".")
    found = [page for find in FINDERS.get(section, ()) if rest for page in find(known, rest)]
    found = found or [page for finders in FINDERS.values() for find in finders for page in find(known, name)]
    found = found or [*settings.setting(known, name)]
    if not found:
        raise Unexplained(name, names(known))
    return found


def names(known: Known) -> list[str]:
    """All that `explain` finds at the top."""
    document, graph = known.document, known.checked.whole
    found = [*known.written, *known.groups, *graph.features, *document.features.sequences, *graph.labels]
    found += [name for section in ("tasks", "losses", "outputs", "watch") for name in document.root.section(section)]
    found += [*document.params, *known.checked.library.composites, *(f"{t}.{f}" for t, f in known.tables)]
    found += [f"{name}.{part}" for name, node in known.written.items() for part in [*node.params, *node.outputs]]
    return [*dict.fromkeys([*found, *settings.paths()])]
