"""The order in which boxes are read: every box after those it depends on, members of a composite together."""

from __future__ import annotations

from collections.abc import Sequence

from blockrec.viz.scene import Box, Link, Path

RANK = {"input": 0, "task": 2, "loss": 3, "output": 4, "watch": 5}


def reading_order(boxes: Sequence[Box], links: Sequence[Link]) -> list[Box]:
    """Topological order: inputs first, sinks last; a composite is entered when nothing outside it is ready."""
    waiting = {box.id: 0 for box in boxes}
    after: dict[str, list[str]] = {box.id: [] for box in boxes}
    for link in links:
        waiting[link.target] += 1
        after[link.source].append(link.target)
    left = dict(enumerate(boxes))
    done: list[Box] = []
    while left:
        here = done[-1].cluster if done else ()
        ready = (i for i, box in left.items() if not waiting[box.id])
        done.append(left.pop(min(ready, key=lambda i: (*_distance(left[i], here), i))))
        for target in after[done[-1].id]:
            waiting[target] -= 1
    return done


def _distance(box: Box, here: Path) -> tuple[int, int, int]:
    common = sum(1 for _ in common_path(box.cluster, here))
    return RANK.get(box.role, 1), len(here) - common, len(box.cluster) - common


def common_path(a: Path, b: Path) -> Path:
    """The composites that two paths share."""
    length = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:length]
