"""Columns on disk are what was appended to them, whatever the pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blockrec.data.columns import column_writer, mapped


@pytest.mark.parametrize("pieces", [(0,), (1, 0, 5), (100_000, 3)])
def test_pieces_become_one_column(tmp_path: Path, pieces: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    flat = [rng.integers(100, size=n).astype(np.int8) for n in pieces]
    wide = [rng.normal(size=(n, 3)) for n in pieces]
    with column_writer(tmp_path / "store") as writer:
        for a, b in zip(flat, wide, strict=True):
            writer.append("a/start", a)
            writer.append("..", b)
    found = mapped(tmp_path / "store")
    assert list(found) == ["a/start", ".."] and not found[".."].flags.writeable
    for values, expected in zip(found.values(), (np.concatenate(flat), np.concatenate(wide)), strict=True):
        assert values.dtype == expected.dtype and values.shape == expected.shape and (values == expected).all()


def test_a_column_can_be_written_anew_with_another_type(tmp_path: Path) -> None:
    with column_writer(tmp_path) as writer:
        writer.append("a", np.zeros(1000, np.int64))
        writer.write("a", np.array([1.5, 2.5], np.float32))
        writer.append("c", np.zeros(3))
        writer.drop("c")
        writer.append("b", np.zeros((0, 2)))
    found = mapped(tmp_path)
    assert list(found) == ["a", "b"]
    assert found["a"].tolist() == [1.5, 2.5] and found["a"].dtype == np.float32 and found["b"].shape == (0, 2)


def test_columns_of_a_broken_write_have_no_index(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        _write(tmp_path, np.zeros(3), np.zeros(3, np.int8))
    with pytest.raises(FileNotFoundError):
        mapped(tmp_path)


def _write(folder: Path, *pieces: np.ndarray) -> None:  # type: ignore[type-arg]
    with column_writer(folder) as writer:
        for values in pieces:
            writer.append("a", values)
