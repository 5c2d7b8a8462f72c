"""Mermaid: every line is of a known form, names are complete, nothing of the user's can break out of its quotes."""

from __future__ import annotations

import re

import pytest

from blockrec.viz import mermaid
from blockrec.viz.build import build
from tests.graphs import CATALOGUE

TEXT = r"[^\"`<>]*(?:<br/>|<b>|</b>|[^\"`<>])*"
LINE = re.compile(
    rf"""\s*(?:n\d+(?:\["{TEXT}"\]|\("{TEXT}"\)):::[a-z]+
    |n\d+\ (?:-->|==>)(?:\|"{TEXT}"\|)?\ n\d+
    |subgraph\ c\d+\["{TEXT}"\]|end|class\ [c\d,]+\ cluster
    |classDef\ [a-z]+\ fill:\#\w+,stroke:\#\w+(?:,color:\#\w+)?)""",
    re.VERBOSE,
)


@pytest.mark.parametrize("depth", [None, 0])
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_line_has_a_known_form(name: str, depth: int | None) -> None:
    head, title, close, kind, *lines = mermaid(CATALOGUE[name](), depth=depth).splitlines()
    assert (head, title[:8], close, kind) == ("---", 'title: "', "---", "flowchart TB")
    assert not [line for line in lines if not LINE.fullmatch(line)]
    assert sum(" subgraph " in f" {line} " for line in lines) == sum(line.strip() == "end" for line in lines)


@pytest.mark.parametrize("name", CATALOGUE)
def test_boxes_links_and_classes_are_complete(name: str) -> None:
    scene = build(CATALOGUE[name]())
    text = mermaid(CATALOGUE[name]())
    assert len(re.findall(r"^\s*n\d+(?=[(\[])", text, re.MULTILINE)) == len(scene.boxes)
    assert len(re.findall(r" ==> ?|==>\|", text)) == sum(link.sequence for link in scene.links)
    assert len(re.findall(r"-->|==>", text)) == len(scene.links)
    assert set(re.findall(r"(?::::|class [c\d,]+ )(\w+)", text)) == set(re.findall(r"classDef (\w+)", text))
    assert all(f"<b>{box.label}</b>" in text for box in scene.boxes if box.label)


def test_markup_in_texts_becomes_entities() -> None:
    assert "a#60;b#62;#38;#34;c#34;" in mermaid(CATALOGUE["hostile_names"]())


def test_nested_composites_are_nested_subgraphs() -> None:
    lines = mermaid(CATALOGUE["nested_twice"]()).splitlines()
    assert '  subgraph c0["tower"]' in lines
    assert '    subgraph c1["inner"]' in lines
