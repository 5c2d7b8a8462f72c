"""A run directory is there whole or not at all, and nobody shares one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blockrec.diagnostics import BlockrecError, Diagnostics
from blockrec.language.document import Document, load
from blockrec.run.directory import RunDirectory, create_directory, link_latest, new_directory


@pytest.fixture
def document() -> Document:
    found = load("din", Diagnostics())
    assert found is not None
    return found


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_what_fails_while_it_is_filled_leaves_nothing(tmp_path: Path, document: Document) -> None:
    path = new_directory(tmp_path, document, 1)

    def full(folder: Path) -> None:
        assert (folder / "a.txt").read_text("utf-8") == "text" and not path.exists()
        raise OSError(28, "No space left on device", str(folder / "vocabularies"))

    with pytest.raises(BlockrecError, match=r"(?s)E708.*vocabularies`: No space left on device"):
        create_directory(path, {"a.txt": "text"}, full)
    assert left(tmp_path) == ["din"]


def test_runs_of_one_second_have_their_own(tmp_path: Path, document: Document) -> None:
    """Also while the first is not filled yet."""
    paths = [new_directory(tmp_path, document, 1) for _ in range(3)]
    for path in paths:
        create_directory(path, {}, lambda folder: None)
    assert len({path.name for path in paths}) == 3 and new_directory(tmp_path, document, 1) not in paths


def test_latest_is_the_run_that_was_linked_last(tmp_path: Path) -> None:
    for name in ("one", "two", "one"):
        (tmp_path / name).mkdir(exist_ok=True)
        link_latest(tmp_path / name)
        assert (tmp_path / "latest").resolve().name == name
    assert left(tmp_path) == ["latest", "one", "two"]


def test_metrics_are_cut_to_what_was_flushed(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.__dict__["board"] = None
    assert directory.flush_metrics() == 0
    line: dict[str, Any] = {"epoch": 1, "split": "valid", "task": "click", "metric": "auc", "value": 0.5}
    directory.write_metric(step=1, **line)
    length, content = directory.flush_metrics(), directory.metrics.read_bytes()
    directory.write_metric(step=2, **line)
    directory.cut_metrics(length)
    assert directory.metrics.read_bytes() == content and len(content) == length
    directory.cut_metrics(10 * length)
    assert directory.metrics.read_bytes() == content
    directory.cut_metrics(0)
    assert directory.metrics.read_bytes() == b""
