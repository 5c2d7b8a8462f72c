"""A scene as a Mermaid flowchart, which GitHub and other Markdown viewers draw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from blockrec.graph.ir import Graph
from blockrec.viz.build import build
from blockrec.viz.scene import Box, Link, Path, Scene
from blockrec.viz.shapes import Line, shape
from blockrec.viz.writers.style import LIGHT
from blockrec.words import shortened

UNSAFE = re.compile(r"[^\w .,:()\[\]/·×…=+*-]")


def mermaid(graph: Graph, *, depth: int | None = None) -> str:
    """A flowchart; composites nested deeper than `depth` are closed (all open by default)."""
    scene = build(graph, depth)
    ids = {box.id: f"n{i}" for i, box in enumerate(scene.boxes)}
    lines = ["---", f"title: {json.dumps(_title(scene), ensure_ascii=False)}", "---", "flowchart TB"]
    lines += _boxes(scene, (), ids)
    lines += (_link(link, scene, ids) for link in scene.links)
    lines += _classes(scene)
    return "\n".join(lines) + "\n"


def _title(scene: Scene) -> str:
    return shortened(f"{scene.name}: {scene.caption}" if scene.caption else scene.name, 160)


def _boxes(scene: Scene, inside: Path, ids: dict[str, str]) -> Iterator[str]:
    """Boxes of a cluster, then the clusters in it as subgraphs."""
    indent = "  " * (len(inside) + 1)
    for box in scene.boxes:
        if box.cluster == inside:
            yield f"{indent}{_box(box, scene, ids)}"
    for cluster in scene.clusters:
        if cluster.path[:-1] == inside:
            yield f'{indent}subgraph c{scene.clusters.index(cluster)}["{_safe(cluster.path[-1])}"]'
            yield from _boxes(scene, cluster.path, ids)
            yield f"{indent}end"


def _box(box: Box, scene: Scene, ids: dict[str, str]) -> str:
    label = "<br/>".join(map(_text, shape(scene, box).lines))
    left, right = ("(", ")") if box.role in ("task", "loss", "output", "watch") else ("[", "]")
    return f'{ids[box.id]}{left}"{label}"{right}:::{box.role}'


def _text(line: Line) -> str:
    bold = f"<b>{_safe(line.text)}</b>" if line.kind in ("name", "row") else _safe(line.text)
    return f"{bold} {_safe(line.right)}".rstrip()


def _link(link: Link, scene: Scene, ids: dict[str, str]) -> str:
    arrow = "==>" if link.sequence else "-->"
    label = f'|"{_safe(link.port)}"|' if len(scene.box(link.target).ports) > 1 and link.port else ""
    return f"  {ids[link.source]} {arrow}{label} {ids[link.target]}"


def _classes(scene: Scene) -> Iterator[str]:
    """Colours for light and dark pages alike: boxes bring their own, clusters let the page shine through."""
    if scene.clusters:
        yield f"  class {','.join(f'c{i}' for i in range(len(scene.clusters)))} cluster"
        yield f"  classDef cluster fill:{LIGHT.cluster},stroke:{LIGHT.muted}"
    for role in dict.fromkeys(box.role for box in scene.boxes):
        fill, border = LIGHT.roles[role]
        yield f"  classDef {role} fill:{fill},stroke:{border},color:{LIGHT.text}"


def _safe(text: str) -> str:
    """Text in a quoted label: everything that Mermaid or HTML might read as markup becomes an entity."""
    return UNSAFE.sub(lambda found: f"#{ord(found[0])};" if found[0].isprintable() else " ", text)
