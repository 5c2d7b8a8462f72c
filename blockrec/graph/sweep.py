"""The points of a sweep, checked before hours of work depend on them."""

from __future__ import annotations

from collections.abc import Callable

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.document import Document
from blockrec.language.sweep import Point
from blockrec.words import counted, setting, shortened

MOST = 50
"""So many points are checked."""


def check_points(
    document: Document | None, check: Callable[[Point], Diagnostics], report: Diagnostics, most: int = MOST
) -> str:
    """Report what is wrong with the points of a document's sweep, the first `most` of them.

    check: checks the same model at a point. A mistake that several points share is reported once, with the settings
    of the first. Returns what was checked, in words; nothing without a sweep, or if the model itself is wrong.
    """
    if document is None or document.sweep is None or report.failed:
        return ""
    points = document.sweep.points
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
