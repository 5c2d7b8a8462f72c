"""Items written for samples: the best ones, as the data call them, with the scores that the model gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from blockrec.diagnostics import BlockrecError
from blockrec.run import RunResult, run
from blockrec.run.measure import evaluate_run
from blockrec.run.predict import predict
from blockrec.run.retrieve import retrieve
from tests.run.test_tree import MODEL, folder

__all__ = ["folder"]
ITEMS = ("eval.catalogue.items=[item, category]",)


@pytest.fixture(scope="module")
def shelves(folder: Path) -> Path:
    """A run over a tree."""
    done = run(folder / "model.yaml", epochs=2, runs_dir=folder / "runs")
    assert done.directory is not None and "tree:" in MODEL
    return done.directory


def found(path: Path, out: Path, **options: Any) -> list[dict[str, Any]]:
    written = retrieve(path, out, **options)
    rows: list[dict[str, Any]] = pq.read_table(out).to_pylist()
    assert written.rows == len(rows) and [*written.columns] == [*rows[0]]
    return rows


def test_a_wide_search_finds_what_is_best(shelves: Path, tmp_path: Path) -> None:
    wide = found(shelves, tmp_path / "a.parquet", k=4, beam=1000)
    exact = found(shelves, tmp_path / "b.parquet", k=4, exact=True)
    narrow = found(shelves, tmp_path / "c.parquet", k=4, beam=1)
    for one, other, few in zip(wide, exact, narrow, strict=True):
        assert one["user"] == other["user"] and one["items"] == other["items"]
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-6)
        assert one["scores"] == sorted(one["scores"], reverse=True) and len(few["items"]) <= 3
    assert pq.read_schema(tmp_path / "a.parquet").metadata[b"retrieval"].startswith(b"down the tree, 1,000")


def test_scores_are_those_that_are_predicted(little: RunResult, tmp_path: Path) -> None:
    """Of the samples' own items, among all."""
    assert little.directory is not None
    rows = found(little.directory, tmp_path / "items.parquet", k=1000, sets=ITEMS, keep=["item"])
    predict(little.directory, tmp_path / "scores.parquet")
    own = pq.read_table(tmp_path / "scores.parquet").to_pylist()
    assert len(rows) == len(own) > 50
    for row, scored in zip(rows, own, strict=True):
        assert row["item"] == scored["item"] and len({*row["items"]}) == len(row["items"])
        if row["item"] in row["items"]:
            place = row["items"].index(row["item"])
            assert row["scores"][place] == pytest.approx(scored["click"], abs=1e-6)


def test_what_is_found_is_what_is_measured(shelves: Path, tmp_path: Path) -> None:
    rows = found(shelves, tmp_path / "items.parquet", k=5, exact=True, keep=["item", "click"])
    metrics = "tasks.click.metrics=[{recall: {k: 5, over: catalogue}}]"
    recall = evaluate_run(shelves, sets=[metrics]).metrics["test/click/recall@5_catalogue"]
    hits = [row["item"] in row["items"] for row in rows if row["click_label"] > 0]
    assert np.mean(hits) == pytest.approx(recall)


@pytest.mark.parametrize("exact", [False, True])
def test_items_of_the_history_are_left_out(shelves: Path, folder: Path, tmp_path: Path, exact: bool) -> None:
    log = pq.read_table(folder / "log.parquet").to_pydict()
    rows = found(shelves, tmp_path / "x.parquet", k=40, beam=99, exact=exact, seen="drop", split="test", keep=["time"])
    kept = found(shelves, tmp_path / "y.parquet", k=40, beam=99, exact=exact, seen="keep", split="test")
    for row, other in zip(rows, kept, strict=True):
        events = zip(log["user"], log["time"], log["item"], strict=True)
        seen = {item for user, time, item in events if user == row["user"] and time < row["time"]}
        assert row["items"] == [item for item in other["items"] if item not in seen] and len(seen) > 1


def test_what_is_no_item(little: RunResult, tmp_path: Path) -> None:
    assert little.directory is not None
    with pytest.raises(BlockrecError, match=r"E706.*which features belong to an item"):
        retrieve(little.directory, tmp_path / "items.parquet")
    with pytest.raises(BlockrecError, match=r"E706.*no task of the model has a metric"):
        retrieve(little.directory, tmp_path / "items.parquet", sets=[*ITEMS, "tasks.click.metrics=null"])
    assert not [*tmp_path.iterdir()]
