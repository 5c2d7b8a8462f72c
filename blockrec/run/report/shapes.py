"""Charts that are no curves over steps: histograms over time, bands, calibration, shares of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from blockrec.run.report.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axes, dot, drawing
from blockrec.run.report.files import Histogram, Point, Reliability
from blockrec.run.report.scale import Scale, shown, thinned
from blockrec.viz.writers.markup import element, tag

POINTS = 90
"""Of each of the five lines of a band."""
RIDGES = 8
"""Histograms of one watched value that are shown: the first, the last and some between."""


def ridges(histograms: Sequence[Histogram], title: str) -> str:
    """Histograms over one axis of values, the latest in front."""
    chosen = _spread(histograms, RIDGES)
    x = Scale.over([edge for h in chosen for edge in (h.edges[0], h.edges[-1])], LEFT, WIDTH - RIGHT, margin=0.02)
    step = (HEIGHT - BOTTOM - TOP - 40) / max(1, len(chosen) - 1)
    parts = [element("text", [], "tick mid", text=shown(v), x=x(v), y=HEIGHT - 8) for v in x.ticks(6)]
    for number, histogram in enumerate(chosen):
        base = TOP + 40 + number * step if len(chosen) > 1 else HEIGHT - BOTTOM
        parts.append(_ridge(histogram, x, base, 38))
        parts.append(element("text", [], "tick end", text=shown(histogram.step), x=LEFT - 6, y=base))
    return drawing(parts, title)


def _spread(items: Sequence[Histogram], most: int) -> list[Histogram]:
    if len(items) <= most:
        return [*items]
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _ridge(histogram: Histogram, x: Scale, base: float, height: float) -> str:
    """Square roots of the counts, so that a spike does not flatten all that is beside it."""
    highest = max(histogram.counts) or 1
    steps = [
        f"V{base - height * (count / highest) ** 0.5:.1f}H{x(edge):.1f}"
        for count, edge in zip(histogram.counts, histogram.edges[1:], strict=True)
    ]
    tip = f"step {histogram.step:,}: {shown(histogram.edges[0])} to {shown(histogram.edges[-1])}"
    path = f"M{x(histogram.edges[0]):.1f} {base:.1f}{''.join(steps)}V{base:.1f}Z"
    return element("path", [element("title", [], text=tip)], "ridge", d=path)


def band_chart(statistics: Mapping[str, Sequence[Point]], title: str) -> str:
    """Mean with one standard deviation around it, between minimum and maximum, over steps."""
    mean, std = dict(statistics["mean"]), dict(statistics["std"])
    upper = _few([(step, value + std[step]) for step, value in mean.items() if step in std])
    lower = _few([(step, value - std[step]) for step, value in mean.items() if step in std])
    ends = [_few([*statistics.get(name, [])]) for name in ("min", "max")]
    every = [*upper, *lower, *ends[0], *ends[1]]
    axes = Axes.around((x for x, _ in every), (y for _, y in every))
    parts = [*axes.grid()]
    if upper and lower:
        back = axes.path(reversed(lower)).replace("M", "L", 1)
        parts.append(tag("path", "band", d=f"{axes.path(upper)}{back}Z"))
    parts += [tag("path", "line edge", d=axes.path(points)) for points in ends if points]
    parts.append(tag("path", "line valid", d=axes.path(_few([*mean.items()]))))
    last = max(mean)
    parts.append(dot(axes, "valid", last, mean[last], f"step {last:,}: mean {shown(mean[last])}"))
    return drawing(parts, title)


def _few(points: list[Point]) -> list[Point]:
    return thinned(points, POINTS)


def calibration_chart(curves: Sequence[Reliability], title: str) -> str:
    """Observed rate over mean prediction, a dot a bin, beside the line of a calibrated model."""
    values = [v for c in curves for v in (*c.predicted, *c.observed)]
    axes = Axes.around(values, values)
    low, high = max(axes.x.low, axes.y.low), min(axes.x.high, axes.y.high)
    parts = [*axes.grid(steps=False), tag("path", "line edge", d=axes.path([(low, low), (high, high)]))]
    for curve in curves:
        points = list(zip(curve.predicted, curve.observed, strict=True))
        parts.append(tag("path", f"line {curve.split}", d=axes.path(points)))
        largest = max(curve.counts, default=1) or 1
        for (x, y), count in zip(points, curve.counts, strict=True):
            tip = f"{curve.split}: predicted {shown(x)}, observed {shown(y)}, {count:,} samples"
            parts.append(dot(axes, curve.split, x, y, tip, 1.5 + 4 * (count / largest) ** 0.5))
    return drawing(parts, title)


def share_bar(seconds: Mapping[str, float], title: str) -> str:
    """Parts of a whole as one bar."""
    total = sum(seconds.values()) or 1.0
    return drawing([*_pieces(seconds, total)], title, 900, 26)


def _pieces(seconds: Mapping[str, float], total: float) -> Iterator[str]:
    x = 0.0
    for number, (name, value) in enumerate(seconds.items()):
        width = 900 * value / total
        tip = element("title", [], text=f"{name}: {value:.2f} s, {value / total:.0%}")
        yield element("rect", [tip], f"part p{number}", x=x, y=0, width=max(0.0, width - 1.5), height=26)
        x += width
