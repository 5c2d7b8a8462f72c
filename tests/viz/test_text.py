"""The table for the terminal: complete, in order, aligned, narrow."""

from __future__ import annotations

import re

import pytest

from blockrec.viz import text
from blockrec.viz.build import build
from tests.graphs import CATALOGUE

ORDINARY = [name for name in CATALOGUE if name != "hostile_names"]


@pytest.mark.parametrize("name", ORDINARY)
def test_it_fits_a_hundred_columns_and_has_no_blank_at_ends(name: str) -> None:
    lines = text(CATALOGUE[name]()).splitlines()
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_box_has_its_line(name: str) -> None:
    scene = build(CATALOGUE[name]())
    found = [line.split()[0] for line in text(CATALOGUE[name]()).splitlines() if line.startswith("  ")]
    for box in scene.boxes:
        assert box.label in found or box.rows
    assert all(row.name in found for box in scene.boxes for row in box.rows)


def test_a_narrow_terminal_wraps_inputs() -> None:
    wide, narrow = text(CATALOGUE["dare"]()), text(CATALOGUE["dare"](), width=90)
    assert max(map(len, narrow.splitlines())) <= 90
    assert narrow.count("\n") > wide.count("\n")


def test_composites_are_headed_and_indented() -> None:
    lines = text(CATALOGUE["nested_twice"]()).splitlines()
    names = [re.match(r" *\w+", line)[0] for line in lines if line.startswith("  ")]
    start = names.index("  tower")
    assert names[start : start + 7] == [
        "  tower",
        "    first",
        "    inner",
        "      left",
        "      right",
        "      sum",
        "    last",
    ]


def test_a_line_says_what_a_node_reads_and_yields() -> None:
    lines = {line.split()[0]: " ".join(line.split()) for line in text(CATALOGUE["dare"]()).splitlines() if line}
    assert lines["search"] == "search topk_attend scores=score.scores, values [b, 48]"
    assert lines["query"] == "query embed att × 16 item, category [b, 32]"
    assert lines["mlp"] == "mlp mlp bn [b, 80] 45.2k"


def test_inputs_of_members_are_named_from_inside() -> None:
    row = next(line for line in text(CATALOGUE["nested_twice"]()).splitlines() if line.startswith("      sum"))
    assert "left, right" in row
