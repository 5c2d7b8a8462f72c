"""A picture of a study: for each block, each value as a share of that of the block's first trial."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from html import escape

from tools.experiment import Trial
from tools.study_store import Store

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 560, 300, 50, 40, 60
COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea")


def plotted(found: Store, blocks: Sequence[Sequence[Trial]], columns: Sequence[str]) -> str:
    """An SVG file, a panel a block; axes in per cent."""
    panels = [_panel(found, block, columns, WIDTH * place) for place, block in enumerate(blocks)]
    size = f'width="{WIDTH * len(blocks)}" height="{HEIGHT}"'
    rules = "text{font:12px sans-serif;fill:#555}path{fill:none;stroke-width:2}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{rules}</style>{"".join(panels)}</svg>\n'


def _panel(found: Store, block: Sequence[Trial], columns: Sequence[str], left: int) -> str:
    shares = {column: [100 * share for share in shares_of(found, block, column)] for column in columns}
    top = max(100.0, *(max(line) for line in shares.values()))
    parts = [*_axis(top), *_names([trial.name for trial in block]), *_lines(shares, top)]
    return f'<g transform="translate({left},0)">{"".join(parts)}</g>'


def shares_of(found: Store, block: Sequence[Trial], column: str) -> list[float]:
    """The mean of each trial over that of the first."""
    means = [statistics.fmean(found.values(trial, column).values()) for trial in block]
    return [mean / means[0] for mean in means]


def _x(place: int, count: int) -> float:
    return LEFT + 40 + place * (WIDTH - LEFT - 100) / max(1, count - 1)


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _axis(top: float) -> Iterator[str]:
    for value in range(0, int(top) + 1, 25):
        y = _y(value, top)
        yield f'<path stroke="#ddd" d="M{LEFT} {y:.1f}H{WIDTH - 20}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}%</text>'


def _names(block: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(block):
        label = escape(name)
        yield f'<text x="{_x(place, len(block)):.1f}" y="{HEIGHT - 30}" text-anchor="middle">{label}</text>'


def _lines(shares: dict[str, list[float]], top: float) -> Iterator[str]:
    for k, (column, values) in enumerate(shares.items()):
        colour = COLOURS[k % len(COLOURS)]
        points = [(_x(place, len(values)), _y(value, top)) for place, value in enumerate(values)]
        yield f'<path stroke="{colour}" d="M' + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + '"/>'
        for (x, y), value in zip(points, values, strict=True):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{value:.1f}%</title></circle>'
        yield f'<text x="{LEFT + 110 * k}" y="20" style="fill:{colour}">{escape(column)}</text>'
