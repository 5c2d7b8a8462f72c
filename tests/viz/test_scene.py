"""The scene shows what the user wrote, and nothing that the compiler made."""

from __future__ import annotations

import pytest

from blockrec.graph.ir import Graph
from blockrec.viz.build import build
from blockrec.viz.scene import Read, Row
from tests.graphs import CATALOGUE


@pytest.fixture
def dare() -> Graph:
    return CATALOGUE["dare"]()


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("depth", [None, 0, 1])
def test_boxes_come_after_those_they_depend_on(name: str, depth: int | None) -> None:
    scene = build(CATALOGUE[name](), depth)
    place = {box.id: i for i, box in enumerate(scene.boxes)}
    assert all(place[link.source] < place[link.target] for link in scene.links)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_node_feature_and_sink_is_shown_once(name: str) -> None:
    graph = CATALOGUE[name]()
    scene = build(graph)
    nodes = [n.name for n in graph.nodes.values() if "/" not in n.name and n.role != "loss"]
    assert sorted(box.name for box in scene.boxes if box.role in ("embed", "block")) == sorted(nodes)
    rows = [row.name for box in scene.boxes for row in box.rows]
    assert sorted(rows) == sorted(f for f in graph.used_features() if f in graph.features)
    sinks = [box.name for box in scene.boxes if box.role in ("task", "loss", "output")]
    assert sorted(sinks) == sorted(sink.name for sink in graph.sinks if not sink.edge.source.startswith("tasks."))


def test_members_of_a_composite_are_read_together() -> None:
    scene = build(CATALOGUE["nested_twice"]())
    clusters = [box.cluster[:1] for box in scene.boxes]
    assert len([c for i, c in enumerate(clusters) if c == ("tower",) and clusters[i - 1] != c]) == 1


def test_lookups_and_concats_return_into_the_embed(dare: Graph) -> None:
    scene = build(dare)
    target = scene.box("node:target")
    assert (target.role, target.block) == ("embed", "embed")
    assert target.reads == (Read("item", "rep", 16), Read("category", "rep", 16), Read("now", "rep", 16))
    assert {link.values for link in scene.into(target)} == {("item", "category"), ("now",)}
    assert not any("/" in box.id for box in scene.boxes)


def test_the_concat_of_a_list_returns_into_the_port(dare: Graph) -> None:
    scene = build(dare)
    assert [link.values for link in scene.into(scene.box("node:head.bn"))] == [
        ("target",),
        ("search",),
        ("head.cross",),
    ]


def test_a_lookup_that_another_node_lends_is_read_from_its_feature() -> None:
    target = build(CATALOGUE["shared_tables"]()).box("node:target")
    assert [read.feature for read in target.reads] == ["item", "category", "user"]


def test_fields_of_a_sequence_stand_together_with_their_tables(dare: Graph) -> None:
    behaviors = build(dare).box("input:behaviors")
    assert behaviors.rows == (
        Row("behaviors.item", "like item"),
        Row("behaviors.category", "like category"),
        Row("behaviors.position", "2k × 16 att, rep"),
    )


def test_only_sequences_make_sequence_links(dare: Graph) -> None:
    found = {(link.source, link.target) for link in build(dare).links if link.sequence}
    assert ("node:score", "node:search") in found
    assert ("input:behaviors", "node:keys") in found
    assert not any(source in ("node:search", "node:query") for source, _ in found)


def test_a_loss_is_part_of_its_sink(dare: Graph) -> None:
    scene = build(dare)
    click, aux = scene.box("task:click"), scene.box("loss:aux")
    assert (click.block, click.notes) == ("bce", ("label click", "auc, gauc by user"))
    assert (aux.block, aux.notes) == ("bce", ("label click", "weight 0.5"))
    assert [box.id for box in scene.boxes if box.role in ("task", "loss")] == ["task:click", "loss:aux"]


def test_depth_closes_composites() -> None:
    graph = CATALOGUE["nested_twice"]()
    closed, one, two = (build(graph, depth) for depth in range(3))
    assert [c.path for c in closed.clusters] == []
    assert [c.path for c in one.clusters] == [("tower",)]
    assert two == build(graph)
    assert closed.box("node:tower").inside == ("first", "inner.left", "inner.right", "inner.sum", "last")
    assert [link.values for link in closed.into(closed.box("node:after"))] == [("tower",), ("beside",), ("before",)]


def test_a_closed_composite_sums_its_parameters(dare: Graph) -> None:
    assert build(dare, 0).box("node:head").parameters == 288 + 45_162 + 81


def test_the_caption_counts(dare: Graph) -> None:
    numbers = 2 * 16 * (4_068_791 + 9_408 + 2_000)
    assert (
        build(dare).caption
        == f"6 features · 17 nodes · 91.1k parameters · 6 tables with {round(numbers / 1e6)}M numbers"
    )
