"""The section `labels:` as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blockrec.diagnostics import Diagnostics, did_you_mean
from blockrec.language.features import Column, Feature, Label, Sequence
from blockrec.language.values import List, Map

MANY = 100
"""Sequences that a misspelt one is compared with."""


def read_labels(
    section: Any, features: Mapping[str, Feature], sequences: Mapping[str, Sequence], report: Diagnostics
) -> dict[str, Label]:
    """Labels by name; `column: cand.action` is one a step of the sequence `cand`."""
    if isinstance(section, List):
        return _listed(section, report)
    if not isinstance(section, Map):
        return {}
    return {name: _label(name, section, features, sequences, report) for name in section}


def _listed(section: List, report: Diagnostics) -> dict[str, Label]:
    labels: dict[str, Label] = {}
    for name, at in zip(section, section.at, strict=True):
        if isinstance(name, str) and name in labels:
            report.error("E201", f"label `{name}` is listed twice", at, notes=[(labels[name].span, "first here")])
        elif isinstance(name, str):
            labels[name] = Label(name, name, at)
    return labels


def _label(
    name: str,
    section: Map,
    features: Mapping[str, Feature],
    sequences: Mapping[str, Sequence],
    report: Diagnostics,
) -> Label:
    spec = section.section(name)
    _check_forms(name, spec, report)
    least, bit, classes = spec.get("at_least"), spec.get("bit"), spec.get("classes")
    sequence, column = _column(name, spec, features, sequences, report)
    return Label(
        name,
        column,
        section.keys_at[name],
        at_least=float(least) if isinstance(least, int | float) else None,
        bit=bit if isinstance(bit, int) else None,
        type="float" if spec.get("type") == "float" else "class" if isinstance(classes, int) else "binary",
        sequence=sequence,
        classes=classes if isinstance(classes, int) else None,
    )


def _check_forms(name: str, spec: Map, report: Diagnostics) -> None:
    forms = [k for k in ("at_least", "bit", "classes") if k in spec]
    if len(forms) > 1 or (forms and spec.get("type") == "float"):
        other = forms[1] if len(forms) > 1 else "type"
        message = f"label `{name}` cannot have both `{forms[0]}` and `{other}{': float' if other == 'type' else ''}`"
        report.error("E101", message, spec.keys_at[other], notes=[(spec.keys_at[forms[0]], "given here")])


def _column(
    name: str, spec: Map, features: Mapping[str, Feature], sequences: Mapping[str, Sequence], report: Diagnostics
) -> tuple[str | None, str]:
    """The sequence whose steps have the label, and the column: of a field, or as it is written."""
    column = spec.get("column")
    if not isinstance(column, str):
        return None, name
    head, dot, rest = column.partition(".")
    if not (dot and rest):
        return None, column
    if head in sequences:
        field = features.get(column)
        return head, field.source.name if field is not None and isinstance(field.source, Column) else rest
    if help := did_you_mean(head, list(sequences)[:MANY]):
        report.error("E208", f"no sequence `{head}`", spec.at["column"].inside(0, len(head)), help=help)
    return None, column
