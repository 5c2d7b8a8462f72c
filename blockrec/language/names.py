"""Names that may not meet: nodes and the file's own features, tasks and outputs, inputs and nodes of a composite."""

from __future__ import annotations

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.values import Map

TOTAL = "loss"
"""The model returns its total loss under this name."""


def check_names(root: Map, card_file: str | None, report: Diagnostics) -> None:
    """Report clashes (E201) and reserved names (E109). A card's feature that the file does not mention never clashes."""
    own = {name: at for name, at in root.section("features").keys_at.items() if at.source.name != card_file}
    _report_shared(root.section("graph"), "node", own, "feature", report)
    _report_shared(root.section("outputs"), "output", root.section("tasks").keys_at, "task", report)
    for section in ("tasks", "outputs"):
        if TOTAL in root.section(section):
            message = f"`{TOTAL}` is the name of the total loss among the model's results"
            report.error("E109", message, root.section(section).keys_at[TOTAL])
    for spec in root.section("blocks").values():
        if isinstance(spec, Map):
            _report_shared(spec.section("graph"), "node", spec.section("in").keys_at, "input of the composite", report)


def _report_shared(names: Map, kind: str, others: dict[str, Span], other_kind: str, report: Diagnostics) -> None:
    for name in names:
        if name in others:
            message = f"{kind} `{name}` has the name of {_article(other_kind)}"
            notes = [(others[name], f"{other_kind} `{name}`")]
            help = f"rename it, for example `{name}_out`"
            report.error("E201", message, names.keys_at[name], notes=notes, help=help)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
