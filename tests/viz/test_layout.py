"""The layout keeps its promises on the catalogue and on random graphs with nested clusters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.graph.ir import Graph
from blockrec.viz.build import build
from blockrec.viz.layout import PAD, SLOT, Frame, Item, Layout, Route, Wire, layout
from blockrec.viz.shapes import shape
from tests.graphs import CATALOGUE

Drawing = tuple[dict[str, Item], list[Wire], dict[tuple[str, ...], int]]
PATHS: list[tuple[str, ...]] = [(), ("a",), ("a", "b"), ("a", "b", "c"), ("d",), ("d", "e")]


def drawing(graph: Graph, depth: int | None = None) -> Drawing:
    scene = build(graph, depth)
    wires = [Wire(link.source, link.output, link.target, link.port) for link in scene.links]
    items = {box.id: shape(scene, box).item(box) for box in scene.boxes}
    return items, wires, {cluster.path: 9 * len(cluster.path[-1]) for cluster in scene.clusters}


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    """Up to 14 boxes of various sizes, anywhere in a tree of clusters, with links to later ones."""
    sizes = st.tuples(st.sampled_from(PATHS), st.integers(20, 90), st.integers(8, 40))
    boxes = draw(st.lists(sizes, min_size=1, max_size=14))
    one = st.integers(0, len(boxes) - 1)
    pairs = draw(st.lists(st.tuples(one, one, st.sampled_from("pq")), max_size=24, unique=True))
    wires = list(dict.fromkeys(Wire(f"n{min(a, b)}", p, f"n{max(a, b)}", p) for a, b, p in pairs if a != b))
    slots = Counter(end for wire in wires for end in (wire.source, wire.target))
    items = {
        f"n{i}": Item(2 * (width + SLOT * slots[f"n{i}"]), height, path)
        for i, (path, width, height) in enumerate(boxes)
    }
    used = {path[:level] for path, _, _ in boxes for level in range(1, len(path) + 1)}
    return items, wires, {path: 30 * len(path) for path in sorted(used)}


def disjoint(a: Frame, b: Frame) -> bool:
    return a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y


def contains(outer: Frame, inner: Frame) -> bool:
    return outer.x <= inner.x and inner.right <= outer.right and outer.y <= inner.y and inner.bottom <= outer.bottom


def bounds(route: Route) -> Iterator[tuple[Frame, bool]]:
    """Rectangles around the parts of a route (a Bézier curve stays in the hull of its points), and which are curves."""
    x, y = route.x, route.y
    for step in route.steps:
        yield Frame(x, y, 0, step.start - y), False
        yield Frame(min(x, step.x), step.start, abs(step.x - x), step.end - step.start), True
        x, y = step.x, step.end
    yield Frame(x, y, 0, route.end_y - y), False


def check(given: Drawing, placed: Layout) -> None:
    items, wires, titles = given
    for (a, first), (b, second) in combinations(placed.boxes.items(), 2):
        assert disjoint(first, second), (a, b)
    for path, frame in placed.clusters.items():
        for name, box in placed.boxes.items():
            inside = items[name].cluster[: len(path)] == path
            assert contains(frame, box) if inside else disjoint(frame, box), (path, name)
        for other, inner in placed.clusters.items():
            if other != path and other[: len(path)] == path:
                assert contains(frame, inner)
            elif path[: len(other)] != other:
                assert disjoint(frame, inner)
    for wire, route in zip(wires, placed.routes, strict=True):
        check_route(wire, route, placed, titles)
    everything = [*placed.boxes.values(), *placed.clusters.values()]
    assert all(contains(Frame(0, 0, placed.width, placed.height), frame) for frame in everything)


def check_route(wire: Wire, route: Route, placed: Layout, titles: dict[tuple[str, ...], int]) -> None:
    """It goes down from border to border, and neither meets another box nor crosses a title."""
    source, target = placed.boxes[wire.source], placed.boxes[wire.target]
    assert source.x <= route.x <= source.right
    assert route.y == source.bottom
    assert target.x <= route.end_x <= target.right
    assert route.end_y == target.y
    heights = [route.y, *(y for step in route.steps for y in (step.start, step.end)), route.end_y]
    assert heights == sorted(heights)
    assert route.steps[-1].x == route.end_x
    for part, _ in bounds(route):
        for name, box in placed.boxes.items():
            assert disjoint(part, box), (wire, name)
        for path, frame in placed.clusters.items():
            title = Frame(frame.x + PAD, frame.y + 5, titles[path], 14)
            assert disjoint(part, title), (wire, path)


@pytest.mark.parametrize("depth", [None, 0, 1])
@pytest.mark.parametrize("name", CATALOGUE)
def test_catalogue(name: str, depth: int | None) -> None:
    given = drawing(CATALOGUE[name](), depth)
    placed = layout(*given)
    check(given, placed)
    assert layout(*given) == placed, "the same graph gives the same picture"


@settings(max_examples=150, deadline=None)
@given(drawings())
def test_random_clusters(given: Drawing) -> None:
    check(given, layout(*given))


@pytest.mark.parametrize("name", ["chain", "two_towers_that_meet", "wide_fan_in", "nested_twice", "skip_connection"])
def test_a_graph_that_can_be_drawn_without_crossings_is(name: str) -> None:
    placed = layout(*drawing(CATALOGUE[name]()))
    curves = {part for route in placed.routes for part in segments(route)}
    assert not [pair for pair in combinations(sorted(curves), 2) if cross(*pair)]


Segment = tuple[float, float, float, float]


def segments(route: Route) -> Iterator[Segment]:
    """(top, x there, bottom, x there) of each bend."""
    x = route.x
    for step in route.steps:
        yield step.start, x, step.end, step.x
        x = step.x


def cross(a: Segment, b: Segment) -> bool:
    return a[0] == b[0] and (a[1] - b[1]) * (a[3] - b[3]) < 0


def test_links_of_a_chain_are_straight() -> None:
    placed = layout(*drawing(CATALOGUE["chain"]()))
    assert all(step.x == route.x for route in placed.routes for step in route.steps)


def test_ports_have_slots_of_their_own_and_values_of_one_output_share_one() -> None:
    items = {"a": Item(80, 40), "b": Item(200, 40, (), {"x": 50, "y": 60}), "c": Item(80, 40)}
    wires = [Wire("a", "out", "b", "x"), Wire("a", "out", "b", "y"), Wire("a", "out", "c", "")]
    placed = layout(items, wires, {})
    assert abs(placed.ports["b", "x"] - placed.ports["b", "y"]) >= 55
    assert len({route.x for route in placed.routes}) == 1
