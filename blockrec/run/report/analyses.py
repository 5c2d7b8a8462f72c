"""The section of the page about analyses: what `blockrec analyze` left in the run's directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blockrec.run.report.figures import drawn
from blockrec.run.report.files import RunFiles
from blockrec.run.report.tables import facts, more, table
from blockrec.viz.writers.markup import element
from blockrec.words import human

MOST_ROWS = 40


def analyses(run: RunFiles) -> Iterator[str]:
    """Each with its tables and figures."""
    for name, found in run.analyses.items():
        yield element("h3", [], "analysis", text=name)
        yield element("p", [], "muted", text=found["about"].partition("\n")[0])
        for listing in found["tables"]:
            yield element("p", [], text=listing["title"])
            yield _table(listing)
        if found["notes"]:
            yield element("ul", [element("li", [], text=note) for note in found["notes"]], "notes")
        yield from _figures(found["figures"])
        yield more("what this is, and its options", element("p", [], text=found["about"]), facts(found["options"]))


def _figures(described: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Side by side; matrices have rows of their own."""
    beside = [drawn(figure) for figure in described if figure["kind"] != "grids"]
    yield element("div", beside, "charts") if beside else ""
    yield from (drawn(figure) for figure in described if figure["kind"] == "grids")


def _table(listing: Mapping[str, Any]) -> str:
    rows = [[_cell(cell) for cell in row] for row in listing["rows"][:MOST_ROWS]]
    texts = [i for i in range(len(listing["header"])) if any(isinstance(row[i], str) for row in listing["rows"])]
    return table(listing["header"], rows, len(listing["header"]) - (max(texts) + 1 if texts else 0))


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4f}" if value == 0 or abs(value) >= 0.001 else f"{value:.2e}"
    return human(value) if isinstance(value, int) and value >= 10_000 else str(value)
