"""`blockrec viz`: a file named after the model, the format of its ending, stdout for pipes."""

from __future__ import annotations

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


def test_an_unknown_ending_is_wrong_usage(blockrec: Any) -> None:
    ended = blockrec("viz", "good.yaml", "-o", "a.png")
    assert ended.code == 3
    assert ".svg" in ended.err
    assert not Path("a.png").exists()


def test_a_bad_model_is_told_and_not_drawn(blockrec: Any) -> None:
    ended = blockrec("viz", "bad.yaml")
    assert ended.code == 2
    assert "bad.yaml:6:29" in ended.err
    assert not list(Path().glob("*.svg"))


def test_a_folder_that_is_not_there_is_the_environments_fault(blockrec: Any) -> None:
    ended = blockrec("viz", "good.yaml", "-o", "nowhere/a.svg")
    assert ended.code == 4
    assert "nowhere" in ended.err
