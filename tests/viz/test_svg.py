"""The SVG is well-formed, self-contained, complete and the same every time."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from blockrec.graph.ir import Graph
from blockrec.viz import svg
from blockrec.viz.build import build
from blockrec.viz.measure import text_width, wrap
from blockrec.viz.shapes import shape
from tests.graphs import CATALOGUE

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", CATALOGUE)
def test_it_is_xml_with_every_name_in_it(name: str) -> None:
    graph = CATALOGUE[name]()
    picture = svg(graph)
    shown = " ".join(ET.fromstring(picture).itertext())
    assert all(n.name in shown for n in graph.nodes.values() if "/" not in n.name and n.role != "loss")
    assert all(f in shown for f in graph.used_features() if f in graph.features)
    assert all(sink.name in shown for sink in graph.sinks)
    assert graph.name in shown
    assert svg(CATALOGUE[name]()) == picture


@pytest.mark.parametrize("name", CATALOGUE)
def test_it_needs_nothing_from_elsewhere(name: str) -> None:
    picture = svg(CATALOGUE[name]())
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|@import|<script|<image|xlink", picture)


@pytest.mark.parametrize("name", CATALOGUE)
def test_everything_lies_in_the_view(name: str) -> None:
    root = ET.fromstring(svg(CATALOGUE[name]()))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for rect in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(key, 0)) for key in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height


@pytest.mark.parametrize("name", CATALOGUE)
def test_texts_fit_their_boxes(name: str) -> None:
    scene = build(CATALOGUE[name]())
    for box in scene.boxes:
        inner = shape(scene, box)
        room = inner.item(box).width
        assert all(line.width <= room - 20 for line in inner.lines)
        assert sum(text_width(label, 10) for label in inner.ports.values()) <= room
        assert sum(text_width(label, 10) for label in inner.outputs.values()) <= room


def test_ports_are_labelled_where_there_are_several() -> None:
    labels = [t.text for t in ET.fromstring(svg(CATALOGUE["dare"]())).iter(f"{SVG}text") if t.get("class") == "p"]
    assert sorted(labels) == sorted(
        ["query", "keys", "query_position", "keys_position", "scores", "values", "scores", "values"], key=str
    )


def test_both_colour_schemes_style_every_role() -> None:
    style = re.search(r"<style>(.*?)</style>", svg(CATALOGUE["dare"]()))[1]
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    roles = {box.role for make in CATALOGUE.values() for box in build(make(), 0).boxes}
    for role in roles:
        assert f".{role} .b" in light
        assert f".{role} .b" in dark


def test_a_sequence_link_is_a_double_line(dare: Graph) -> None:
    picture = svg(dare)
    sequences = sum(link.sequence for link in build(dare).links)
    assert picture.count('class="s"') - 1 == picture.count('class="i"') - 1 == sequences, "one more is the legend's"


@pytest.fixture
def dare() -> Graph:
    return CATALOGUE["dare"]()


def test_wide_letters_count_more() -> None:
    assert text_width("WWW", 10) > text_width("iii", 10)
    assert text_width("推荐", 10) >= 20
    assert text_width("abc", 10, bold=True) > text_width("abc", 10)


def test_wrapping_keeps_words_and_width() -> None:
    words = "a doc of some words that does not fit on one line"
    lines = wrap(words, 100, 12)
    assert " ".join(lines) == words
    assert all(text_width(line, 12) <= 100 for line in lines)
