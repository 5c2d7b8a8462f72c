"""`blockrec viz`: a file named after the model, the format of its ending, stdout for pipes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_check import BAD, GOOD


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(GOOD)
    Path("bad.yaml").write_text(BAD)


def test_a_picture_is_written_under_the_name_of_the_model(blockrec: Any) -> None:
    ended = blockrec("viz", "good.yaml")
    assert (ended.code, ended.out) == (0, "good.svg\n")
    assert "<svg" in Path("good.svg").read_text("utf-8")


@pytest.mark.parametrize(("file", "start"), [("a.svg", "<svg"), ("a.mmd", "flowchart"), ("a.txt", "good")])
def test_the_ending_chooses_the_format(blockrec: Any, file: str, start: str) -> None:
    assert blockrec("viz", "good.yaml", "-o", file).code == 0
    assert start in Path(file).read_text("utf-8")


def test_stdout_gets_what_a_file_would(blockrec: Any) -> None:
    blockrec("viz", "good.yaml", "-o", "a.mmd")
    shown = blockrec("viz", "good.yaml", "-o", "-", "--format", "mmd").out
    assert shown == Path("a.mmd").read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "said"), [(["-o", "a.png"], ".svg"), (["-o", "-", "--open"], "stdout"), (["--depth", "-1"], "depth")]
)
def test_options_that_cannot_be_met_are_wrong_usage(blockrec: Any, options: list[str], said: str) -> None:
    ended = blockrec("viz", "good.yaml", *options)
    assert (ended.code, ended.out) == (3, "")
    assert said in ended.err
    assert [p.suffix for p in Path().iterdir()] == [".yaml", ".yaml"]


def test_depth_closes_composites(blockrec: Any) -> None:
    tower = "blocks: {tower: {in: {x: vec}, graph: {inner: {block: linear, in: x, out: 2}}, out: inner}}\n"
    used = GOOD.replace("in: both, out", "in: head, out").replace("graph:", "graph:\n  head: {block: tower, in: both}")
    Path("deep.yaml").write_text(used + tower)
    text = ["viz", "deep.yaml", "-o", "-", "--format", "txt"]
    opened, closed = blockrec(*text).out, blockrec(*text, "--depth", "0").out
    assert re.search(r"^ +inner +linear", opened, re.MULTILINE)
    assert not re.search(r"^ +inner", closed, re.MULTILINE)


def test_a_bad_model_is_told_and_not_drawn(blockrec: Any) -> None:
    ended = blockrec("viz", "bad.yaml")
    assert ended.code == 2
    assert "bad.yaml:6:29" in ended.err
    assert not list(Path().glob("*.svg"))


def test_a_folder_that_is_not_there_is_the_environments_fault(blockrec: Any) -> None:
    ended = blockrec("viz", "good.yaml", "-o", "nowhere/a.svg")
    assert ended.code == 4
    assert "nowhere" in ended.err
