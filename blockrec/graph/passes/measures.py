"""Metrics of tasks that are well written but cannot be measured: wrong labels, items that nobody describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.document import Document
from blockrec.language.features import Column, Feature, Features, Label
from blockrec.language.schema.metrics import KINDS, LABELS, Kind
from blockrec.language.values import List, Map

CATALOGUE = "eval: {catalogue: {items: [item, category]}}, the feature that tells items apart before the others"
TREE = "data: {tree: {items: [item, category]}}, as in `eval.catalogue`"


def report_metrics(spec: Map, label: Label | None, document: Document, report: Diagnostics) -> None:
    """E107 for a metric and a label that do not go together, E101 and E105 for rankings of the catalogue."""
    for kind, given, at in _metrics(spec):
        if label is not None and label.type == "class" and kind.labels != "several":
            message = f"`{kind.name}` does not measure classes, and `{label.name}` is one of {label.classes}"
            report.error("E107", message, at, help="`accuracy` does", notes=[(label.span, "the label")])
        if label is not None and label.type == "float" and kind.labels in ("classes", "several"):
            message = f"`{kind.name}` needs a label that is {LABELS[kind.labels]}; `{label.name}` is any number"
            fit = [name for name, other in KINDS.items() if other.labels == "numbers"]
            help = f"{', '.join(fit[:-1])} and {fit[-1]} measure numbers; a label without `type: float` is 0 or 1"
            report.error("E107", message, at, help=help, notes=[(label.span, "the label")])
        if given.get("over") in ("catalogue", "tree"):
            _report_catalogue(given, label, document, report)


def _metrics(spec: Map) -> Iterator[tuple[Kind, Mapping[str, Any], Span]]:
    words = spec.get("metrics")
    for word, at in zip(words, words.at, strict=True) if isinstance(words, List) else ():
        name, given = next(iter(word.items()), ("", {})) if isinstance(word, Map) else (word, {})
        if isinstance(name, str) and name in KINDS and isinstance(given, Mapping):
            yield KINDS[name], given, at


def _report_catalogue(given: Any, label: Label | None, document: Document, report: Diagnostics) -> None:
    at = given.at["over"]
    if "by" in given:
        help = "leave `by` out, or leave `over` out to rank the rows of each group"
        report.error("E101", "`by` says nothing of a ranking of items", given.at["by"], help=help)
    if label is not None and label.sequence is not None:
        message = f"the catalogue is ranked for samples, and each step of `{label.sequence}` has its own label"
        report.error("E101", message, at, notes=[(label.span, "the label")], help="rank the candidates: `by: FEATURE`")
    if "items" not in document.evaluated("eval").section("catalogue"):
        message = "the file does not say which features belong to an item of the catalogue"
        report.error("E105", message, at, help=CATALOGUE)
    if given["over"] == "tree" and "items" not in document.evaluated("data").section("tree"):
        report.error("E105", "the file has no tree to search for items", at, help=TREE)


def report_items(document: Document, features: Features, report: Diagnostics) -> None:
    """E208 for what is no feature of an item in `eval.catalogue`, and for items whose history no sequence has."""
    section = document.evaluated("eval").section("catalogue")
    names = section.get("items")
    if not isinstance(names, List):
        return
    for place, (name, at) in enumerate(zip(names, names.at, strict=True)):
        feature = features.features.get(name) if isinstance(name, str) else None
        if feature is None or feature.sequence is not None:
            known = [f.name for f in features.features.values() if f.sequence is None]
            report.error(
                "E208", f"`{name}` is no feature of a sample", at, help=did_you_mean(str(name), known, CATALOGUE)
            )
        elif place == 0 and not _tells_apart(feature):
            message = f"`{name}` does not tell items apart: they need one id of a table each"
            report.error("E208", message, at, help=CATALOGUE)
    if section.get("seen") == "drop" and names and names[0] in features.features:
        root = features.features[names[0]].root
        fields = [f for f in features.features.values() if f.sequence and f.kind == "id" and f.root == root]
        if not any(isinstance(f.source, Column) for f in fields):
            message = f"no sequence tells which items were seen: none has a field like `{names[0]}`"
            help = f"e.g. `features: {{behaviors: {{fields: {{item: {{like: {names[0]}}}}}}}}}`"
            report.error("E208", message, section.at["seen"], help=help)


def _tells_apart(feature: Feature) -> bool:
    return feature.kind == "id" and feature.pool is None and isinstance(feature.source, Column)
