"""The results of `blockrec data` as text."""

from __future__ import annotations

import math
from typing import Any

from blockrec.data.profile.proposal import Proposal
from blockrec.data.profile.stats import Stats
from blockrec.data.profile.survey import Survey
from blockrec.data.profile.wanted import Wanted
from blockrec.diagnostics import Diagnostics
from blockrec.language.dump import dump
from blockrec.run.tables import aligned
from blockrec.words import counted, shortened


def survey_text(name: str, found: Survey) -> str:
    """One line a column."""
    files = f"{counted(len(found.paths), 'file')}, " if len(found.paths) > 1 else ""
    title = f"{name}: {files}{found.rows:,} rows, {counted(len(found.columns), 'column')}"
    rows = [(s.name, s.kind, _nulls(s), _distinct(s), _values(s)) for s in found.columns.values()]
    return f"{title}\n{aligned(['column', 'type', 'nulls', 'distinct', 'values'], rows)}"


def proposal_text(name: str) -> str:
    """What to do next."""
    return f"next: blockrec data '{name}' --infer > card.yaml   proposes the features of a dataset card"


def card_text(proposal: Proposal) -> str:
    """A card as YAML; what to look at stands above it."""
    text = dump(proposal.card, Diagnostics())
    head = ["# Proposed from what the data hold: correct what it does not know.", *(f"# {n}" for n in proposal.notes)]
    return "\n".join([*head, str(text).rstrip()])


def wanted_text(name: str, wanted: Wanted) -> str:
    """Features with their columns, labels with their rates; files below."""
    rows = [
        (
            r.feature,
            r.declared,
            r.column,
            r.stats.kind if r.stats else "–",
            _nulls(r.stats) if r.stats else "–",
            _values(r.stats) if r.stats else "",
            f"{'WRONG: ' if r.wrong else ''}{r.note}",
        )
        for r in wanted.readings
    ]
    lines = [f"{name}: {counted(len(wanted.readings), 'column')} for features"]
    lines.append(aligned(["feature", "declared", "column", "type", "nulls", "values", ""], rows))
    lines += [f"label {label}: mean {rate:.4g}" for label, rate in wanted.rates.items()]
    lines += [
        f"{use}: {found.rows:,} rows in {', '.join(str(p) for p in found.paths[:3])}{' …' * (len(found.paths) > 3)}"
        for use, found in wanted.surveys.items()
    ]
    return "\n".join(lines)


def _nulls(stats: Stats) -> str:
    share = stats.nulls / stats.rows if stats.rows else 0.0
    return "0" if not share else f"{max(share, 0.0001):.2%}"


def _distinct(stats: Stats) -> str:
    return f"> {stats.distinct:,}" if stats.full else f"{stats.distinct:,}"


def _values(stats: Stats) -> str:
    """Range or examples, and the lengths of lists."""
    if stats.low is not None:
        text = f"{_number(stats.low)} … {_number(stats.high)}"
        text += f", mean {_number(stats.mean)}" if stats.mean is not None and not stats.is_list else ""
    else:
        text = ", ".join(shortened(str(value), 20) for value in stats.examples[:3])
        text += f"   (lists? try --lists '{stats.separator}')" if stats.separator else ""
    lengths = ", ".join(f"{name} {value:g}" for name, value in stats.quantiles.items())
    return f"{text}; length {lengths}" if lengths else text


def _number(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:,.5g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
