"""Rows in order of group and score, however few of them may be in memory."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import BlockrecError
from blockrec.metrics.sorter import ROW, Sorter, as_whole, starts_of, whole_groups

ROWS = st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 4), st.integers(0, 1)), max_size=60)


def filled(rows: list[tuple[int, int, int]], held: int, batch: int) -> Sorter:
    sorter = Sorter(held)
    for start in range(0, len(rows), batch):
        groups, scores, labels = (np.array(column) for column in zip(*rows[start : start + batch], strict=True))
        sorter.add(groups, scores, labels)
    return sorter


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, held=st.integers(1, 20), batch=st.integers(1, 25))
def test_all_rows_come_once_in_order(rows: list[tuple[int, int, int]], held: int, batch: int) -> None:
    sorter = filled(rows, held, batch)
    chunks = list(sorter.chunks())
    found = [tuple(row) for chunk in chunks for row in chunk.tolist()]
    assert [row[:2] for row in found] == sorted((group, score) for group, score, _ in rows)
    assert Counter(found) == Counter(rows)
    sorter.close()


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, held=st.integers(2, 20))
def test_no_more_rows_at_a_time_than_are_allowed(rows: list[tuple[int, int, int]], held: int) -> None:
    sorter = filled(rows, held, 7)
    runs = len(rows) // held + 1
    assert all(len(chunk) <= max(held, runs) for chunk in sorter.chunks())
    sorter.close()


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, held=st.integers(1, 20))
def test_groups_stay_whole(rows: list[tuple[int, int, int]], held: int) -> None:
    sorter = filled(rows, held, 6)
    chunks = list(whole_groups(sorter.chunks()))
    groups = [chunk["group"][starts_of(chunk)].tolist() for chunk in chunks]
    assert [g for part in groups for g in part] == sorted({row[0] for row in rows})
    assert sum(map(len, chunks)) == len(rows)
    sorter.close()


def test_files_are_written_only_beyond_the_limit_and_deleted_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    small = filled([(0, 1, 1)] * 9, 10, 4)
    list(small.chunks())
    assert [*tmp_path.iterdir()] == []
    large = filled([(0, 1, 1)] * 25, 10, 4)
    list(large.chunks())
    (folder,) = tmp_path.iterdir()
    assert sum(file.stat().st_size for file in folder.iterdir()) == 20 * ROW.itemsize
    large.close()
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_takes_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(BlockrecError, match=r"E708.*cannot write rows that metrics sort.*No such file"):
        filled([(0, 1, 1)] * 25, 10, 4)


def test_equal_numbers_are_one_group_whatever_their_type() -> None:
    big = 2**53 + np.arange(3)
    assert len(set(as_whole(big).tolist())) == 3
    floats = as_whole(np.array([0.0, -0.0, 1.5, 1.5, -1.5], np.float32))
    assert floats[0] == floats[1] and floats[2] == floats[3] and len(set(floats.tolist())) == 3
    assert as_whole(np.array([True, False])).tolist() == [1, 0]
