"""A scene as a self-contained SVG picture: no script, no font, no program needed to see it."""

from __future__ import annotations

from collections.abc import Iterator

from blockrec.graph.ir import Graph
from blockrec.viz.build import build
from blockrec.viz.layout import PAD, Frame, Layout, Route, Wire, layout
from blockrec.viz.measure import text_width, wrap
from blockrec.viz.scene import Box, Cluster, Scene
from blockrec.viz.shapes import LINE, MARGIN, STRIP, Shape, shape
from blockrec.viz.tooltips import box_tooltip, cluster_tooltip, link_tooltip
from blockrec.viz.writers.legend import legend
from blockrec.viz.writers.markup import element, tag
from blockrec.viz.writers.style import style_sheet
from blockrec.words import human

EDGE = 28
"""Space around the picture."""
NARROWEST = 560


def svg(graph: Graph, *, depth: int | None = None) -> str:
    """An SVG document; composites nested deeper than `depth` are closed (all open by default)."""
    scene = build(graph, depth)
    shapes = {box.id: shape(scene, box) for box in scene.boxes}
    placed = layout(
        {box.id: shapes[box.id].item(box) for box in scene.boxes},
        [Wire(link.source, link.output, link.target, link.port) for link in scene.links],
        {cluster.path: _title_width(cluster) for cluster in scene.clusters},
    )
    width = max(placed.width, NARROWEST)
    header, top = _header(scene, width)
    footer, bottom = legend(scene, width)
    drawing = _drawing(scene, shapes, placed)
    parts = [
        *header,
        element("g", drawing, transform=f"translate({(width - placed.width) / 2:g} {top})"),
        element("g", footer, transform=f"translate(0 {top + placed.height + 30:g})"),
    ]
    return _page(scene, parts, width, top + placed.height + 30 + bottom)


def _page(scene: Scene, parts: list[str], width: float, height: float) -> str:
    w, h = round(width + 2 * EDGE), round(height + 2 * EDGE)
    inner = [
        element("title", [], text=scene.name),
        element("desc", [], text=scene.doc) if scene.doc else "",
        f"<style>{style_sheet()}</style><defs>{_head('vh', 6.5)}{_head('sh', 9)}</defs>",
        tag("rect", "page", width=w, height=h),
        element("g", parts, transform=f"translate({EDGE} {EDGE})"),
    ]
    xmlns = "http://www.w3.org/2000/svg"
    return element("svg", inner, xmlns=xmlns, viewBox=f"0 0 {w} {h}", width=w, height=h, role="img") + "\n"


def _head(name: str, size: float) -> str:
    arrow = tag("path", name, d="M0 0L8 4L0 8z")
    box = {"viewBox": "0 0 8 8", "orient": "auto", "markerUnits": "userSpaceOnUse"}
    return element("marker", [arrow], id=name, refX=7.4, refY=4, markerWidth=size, markerHeight=size, **box)


def _header(scene: Scene, width: float) -> tuple[list[str], int]:
    """Title, doc and caption, and the height they take."""
    lines = [*wrap(scene.doc, width, 12), *wrap(scene.caption, width, 12)]
    texts = [element("text", [], "h", text=scene.name, x=0, y=16)]
    texts += [element("text", [], "d", text=line, x=0, y=40 + 17 * i) for i, line in enumerate(lines)]
    return texts, 40 + 17 * len(lines) + 14


def _drawing(scene: Scene, shapes: dict[str, Shape], placed: Layout) -> list[str]:
    clusters = [_cluster(cluster, placed) for cluster in scene.clusters]
    boxes = [_box(box, shapes[box.id], placed) for box in scene.boxes]
    titles = [_cluster_title(cluster, placed) for cluster in scene.clusters]
    return [*clusters, *_links(scene, placed), *titles, *boxes]


def _cluster(cluster: Cluster, placed: Layout) -> str:
    return element(
        "g", [_rect(placed.clusters[cluster.path], 10, "c"), element("title", [], text=cluster_tooltip(cluster))]
    )


def _cluster_title(cluster: Cluster, placed: Layout) -> str:
    frame = placed.clusters[cluster.path]
    parts = [element("tspan", [], text=cluster.path[-1], x=frame.x + PAD)]
    size = f"{human(cluster.parameters)} params" if cluster.parameters else ""
    x = _free(frame, _title_width(cluster) + PAD, text_width(size, 11), placed)
    if size and x is not None:
        parts.append(element("tspan", [], "m", text=size, x=x))
    return element("text", parts, "ct", y=frame.y + 17)


def _title_width(cluster: Cluster) -> int:
    return text_width(cluster.path[-1], 11, bold=True)


def _free(frame: Frame, after: int, width: int, placed: Layout) -> float | None:
    """Where a text fits into the title bar without meeting a link: next to the name, at the right end, or nowhere."""
    lines = [line for route in placed.routes for line in _verticals(route)]
    crossing = [x for x, a, b in lines if a < frame.y + 22 and b > frame.y + 4]
    for x in (frame.x + after + 8, frame.right - width - PAD):
        if x >= frame.x + after and x + width < frame.right and not any(x - 5 < c < x + width + 5 for c in crossing):
            return x
    return None


def _verticals(route: Route) -> Iterator[tuple[float, float, float]]:
    """(x, from, to) of the straight parts of a route."""
    x, y = route.x, route.y
    for step in route.steps:
        yield x, y, step.start
        x, y = step.x, step.end
    yield x, y, route.end_y


def _links(scene: Scene, placed: Layout) -> list[str]:
    """Vector links as lines; sequence links as double lines, the inner lines last so that joins stay open."""
    vectors, outer, inner = [], [], []
    for link, route in zip(scene.links, placed.routes, strict=True):
        d = _path(route)
        title = element("title", [], text=link_tooltip(link, scene.box(link.target)))
        if link.sequence:
            outer.append(element("path", [title], "s", d=d))
            inner.append(tag("path", "i", d=d, marker_end="url(#sh)"))
        else:
            vectors.append(element("path", [title], "v", d=d, marker_end="url(#vh)"))
    return [*vectors, *outer, *inner]


def _path(route: Route) -> str:
    parts = [f"M{route.x:g} {route.y:g}"]
    x = route.x
    for step in route.steps:
        parts.append(f"V{step.start:g}")
        if step.x == x:
            parts.append(f"V{step.end:g}")
        else:
            half = (step.end - step.start) * 0.55
            parts.append(f"C{x:g} {step.start + half:g} {step.x:g} {step.end - half:g} {step.x:g} {step.end:g}")
        x = step.x
    return "".join([*parts, f"V{route.end_y:g}"])


def _box(box: Box, inner: Shape, placed: Layout) -> str:
    frame = placed.boxes[box.id]
    y = frame.y + 6 + STRIP * bool(inner.ports)
    parts = [element("title", [], text=box_tooltip(box)), _rect(frame, 7, "b")]
    for line in inner.lines:
        y += LINE[line.size]
        parts.append(element("text", [], line.kind, text=line.text, x=frame.x + MARGIN, y=y - 4))
        if line.right:
            parts.append(element("text", [], "r", text=line.right, x=frame.right - MARGIN, y=y - 4))
    parts += [_label(placed.ports[box.id, port], frame.y + 13, text) for port, text in inner.ports.items()]
    parts += [_label(placed.outputs[box.id, name], frame.bottom - 6, text) for name, text in inner.outputs.items()]
    return element("g", parts, box.role)


def _label(x: float, y: float, text: str) -> str:
    return element("text", [], "p", text=text, x=x, y=y)


def _rect(frame: Frame, radius: int, kind: str) -> str:
    return tag("rect", kind, x=frame.x, y=frame.y, width=frame.width, height=frame.height, rx=radius)
