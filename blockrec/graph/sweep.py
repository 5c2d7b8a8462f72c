"""The points of a sweep, checked before hours of work depend on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.sweep import Point
from blockrec.words import counted, setting, shortened

if TYPE_CHECKING:
    from blockrec.graph.compile import Checked

MOST, FEWEST = 50, 2
"""So many points are checked: fewer of a large model, at least so many."""
NODES = 10_000
"""Nodes in all the points that are checked, so that checking a sweep of a large model ends soon."""


def check_points(checked: Checked | None, check: Callable[[Point], Diagnostics], report: Diagnostics) -> str:
    """Report what is wrong with the points of a model's sweep, or with the first 50 of them (of a large model: fewer).

    check: checks the same model at a point. A mistake that several points share is reported once, with the settings
    of the first. Returns what was checked, in words; nothing without a sweep, or if the model itself is wrong.
    """
    if checked is None or checked.document.sweep is None or report.failed:
        return ""
    points = checked.document.sweep.points
    most = max(FEWEST, min(MOST, NODES // max(1, len(checked.whole.nodes))))
    seen: set[tuple[object, ...]] = set()
    for point in points[:most]:
        for mistake in check(point).errors:
            key = (mistake.code, mistake.message, mistake.at)
            if key not in seen:
                seen.add(key)
                where = "" if _is_at(mistake.at, point) else f" (at the sweep's point {described(point)})"
                message = f"{mistake.message}{where}"
                report.error(
                    mistake.code, message, mistake.at, label=mistake.label, help=mistake.help, notes=mistake.notes
                )
    count = counted(len(points), "sweep point")
    return count if len(points) <= most else f"the first {most} of {count}"


def _is_at(at: Span | None, point: Point) -> bool:
    """Whether a place is that of a setting of the point."""
    places = [(s.path_at, s.at) for s in point.settings]
    return at is not None and any(_holds(place, at) for pair in places for place in pair)


def _holds(outer: Span, inner: Span) -> bool:
    same = (outer.source, outer.line) == (inner.source, inner.line)
    return same and outer.column <= inner.column < outer.column + outer.length


def described(point: Point) -> str:
    """`params.top_k=5 variant=twin`: the settings on one line."""
    return shortened(" ".join(f"{s.path}={setting(s.value)}" for s in point.settings), 100) or "1"
