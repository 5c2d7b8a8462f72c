"""Names that may not meet: nodes and the file's own features, inputs and nodes of a composite."""

from __future__ import annotations

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.values import Map


def check_names(root: Map, card_file: str | None, report: Diagnostics) -> None:
    """Report clashes (E201). A card's feature that the file does not mention never clashes."""
    own = {name: at for name, at in root.section("features").keys_at.items() if at.source.name != card_file}
    _report_shared(root.section("graph"), own, "a feature", report)
    for spec in root.section("blocks").values():
        if isinstance(spec, Map):
            _report_shared(spec.section("graph"), spec.section("in").keys_at, "an input of its composite", report)


def _report_shared(nodes: Map, others: dict[str, Span], kind: str, report: Diagnostics) -> None:
    for name in nodes:
        if name in others:
            message = f"node `{name}` has the name of {kind}"
            notes = [(others[name], "named here")]
            help = f"rename the node, for example `{name}_out`"
            report.error("E201", message, nodes.keys_at[name], notes=notes, help=help)
