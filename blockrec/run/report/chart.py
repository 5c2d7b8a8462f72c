"""Line charts as SVG that takes its colours from the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from blockrec.run.report.scale import Scale, shown, thinned
from blockrec.viz.writers.markup import element, tag

WIDTH, HEIGHT = 460, 230
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 10, 26
DOTS = 40
"""Series of up to so many points have a dot at each, whose tooltip tells its value."""


@dataclass(frozen=True)
class Line:
    """A series: its CSS class (`train`, `valid`, `test`, or another colour) and points."""

    kind: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axes:
    """The place of values in a chart."""

    x: Scale
    y: Scale

    @classmethod
    def around(cls, xs: Iterable[float], ys: Iterable[float], margin: float = 0.06) -> Axes:
        return cls(
            Scale.over(xs, LEFT, WIDTH - RIGHT, margin=0.02), Scale.over(ys, HEIGHT - BOTTOM, TOP, margin=margin)
        )

    def path(self, points: Iterable[tuple[float, float]]) -> str:
        """Straight lines between points; one that is not finite interrupts them."""
        parts, pen = [], "M"
        for x, y in points:
            if math.isfinite(y):
                parts.append(f"{pen}{self.x(x):.1f} {self.y(y):.1f}")
            pen = "L" if math.isfinite(y) else "M"
        return "".join(parts)

    def grid(self, *, steps: bool = True) -> Iterator[str]:
        """Horizontal lines with their values, and values along the bottom, which are whole if they are `steps`."""
        for value in self.y.ticks():
            y = self.y(value)
            yield tag("line", "grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y)
            yield element("text", [], "tick end", text=shown(value), x=LEFT - 6, y=y + 3.5)
        for value in self.x.ticks(6, whole=steps):
            yield element("text", [], "tick mid", text=shown(value), x=self.x(value), y=HEIGHT - 8)


def line_chart(series: Mapping[str, Sequence[tuple[int, float]]], title: str, mark: int | None = None) -> str:
    """A line a split over steps. mark: the step of the best checkpoint."""
    lines = [Line(split, thinned([*points])) for split, points in series.items()]
    axes = Axes.around((x for line in lines for x, _ in line.points), (y for line in lines for _, y in line.points))
    parts = [*axes.grid()]
    if mark is not None and axes.x.low <= mark <= axes.x.high:
        x = axes.x(mark)
        best = element("title", [], text=f"step {mark:,}: the best checkpoint")
        parts.append(element("line", [best], "mark", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM))
    for line in lines:
        parts += _drawn(line, axes)
    return drawing(parts, title)


def _drawn(line: Line, axes: Axes) -> Iterator[str]:
    if len(line.points) > 1:
        yield tag("path", f"line {line.kind}", d=axes.path(line.points))
    if len(line.points) <= DOTS:
        for x, y in line.points:
            if math.isfinite(y):
                yield dot(axes, line.kind, x, y, f"{line.kind}, step {x:,}: {shown(y)}")


def dot(axes: Axes, kind: str, x: float, y: float, tip: str, radius: float = 2.6) -> str:
    """A point with a tooltip."""
    return element("circle", [element("title", [], text=tip)], f"dot {kind}", cx=axes.x(x), cy=axes.y(y), r=radius)


def drawing(parts: Sequence[str], title: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """An SVG element that fills its place."""
    return element("svg", parts, "chart", viewBox=f"0 0 {width} {height}", role="img", aria_label=title)
