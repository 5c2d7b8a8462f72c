"""What the colours and lines mean: only those that the picture has."""

from __future__ import annotations

from blockrec.viz.measure import text_width
from blockrec.viz.scene import Scene
from blockrec.viz.writers.markup import element, tag

ROLES = {
    "input": "features",
    "embed": "table rows",
    "block": "block",
    "composite": "closed composite",
    "task": "task",
    "loss": "loss",
    "output": "output",
    "watch": "watched value",
}
SWATCH, ROW = 24, 22


def legend(scene: Scene, width: float) -> tuple[list[str], int]:
    """Entries from left to right, wrapped at `width`, and the height they take."""
    x, y = 0, 0
    parts = []
    for kind, text in _entries(scene):
        needed = SWATCH + 8 + text_width(text, 11)
        if x and x + needed > width:
            x, y = 0, y + ROW
        parts.append(element("g", [_swatch(kind), _text(text)], kind, transform=f"translate({x} {y})"))
        x += needed + 18
    return parts, y + 16


def _entries(scene: Scene) -> list[tuple[str, str]]:
    roles = {box.role for box in scene.boxes}
    forms = {link.sequence for link in scene.links}
    lines = [("vector", "one vector a sample")] if False in forms else []
    lines += [("sequence", "a sequence")] if True in forms else []
    return [(role, text) for role, text in ROLES.items() if role in roles] + lines


def _swatch(kind: str) -> str:
    line = f"M0 8H{SWATCH}"
    if kind == "vector":
        return tag("path", "v", d=line, marker_end="url(#vh)")
    if kind == "sequence":
        return tag("path", "s", d=line) + tag("path", "i", d=line, marker_end="url(#sh)")
    return tag("rect", "b", x=1, y=1, width=SWATCH - 4, height=14, rx=4)


def _text(text: str) -> str:
    return element("text", [], "m", text=text, x=SWATCH + 6, y=12)
