"""Rows that toolkits are compared on, and blockrec's side of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.bench_peers import TOOLKITS, line
from tools.peers.blockrec_epoch import MODELS, start
from tools.peers.rows import Rows, generated, movielens
from tools.peers.timing import Epoch, Watched

RATINGS = "1\t2\t5\t30\n1\t1\t3\t10\n2\t3\t4\t5\n1\t3\t4\t20\n2\t1\t1\t6\n2\t2\t5\t7\n"


@pytest.fixture
def films(tmp_path: Path) -> Rows:
    flags = ["0"] * 19
    lines = ["|".join([str(i), "title", "", "", "", *flags[:i], "1", *flags[i + 1 :]]) for i in (1, 2, 3)]
    (tmp_path / "u.data").write_text(RATINGS)
    (tmp_path / "u.item").write_text("\n".join(lines), "latin-1")
    return movielens(tmp_path)


def test_ratings_become_samples_of_what_came_before(films: Rows) -> None:
    assert films.user.tolist() == [1, 2] and films.item.tolist() == [3, 1] and films.click.tolist() == [1, 0]
    assert films.padded()[:, :2].tolist() == [[1, 0], [3, 0]]
    assert films.category_of.tolist() == [0, 2, 3, 4] and films.heights.tolist() == [3, 4, 5]


def test_histories_are_the_newest_steps() -> None:
    rows = generated(100, 50, 40, 5)
    assert {int(x) for x in rows.length} <= set(range(26, 51))
    for row, length, end in zip(rows.padded(), rows.length, rows.end, strict=True):
        assert row[:length].tolist() == rows.history[end - length : end].tolist() and not row[length:].any()
    assert rows.item.min() >= 1 and rows.item.max() < 40 and rows.history.min() >= 1


def test_rows_are_kept(tmp_path: Path) -> None:
    rows = generated(100, 50, 40, 5)
    rows.save(tmp_path / "rows.npz")
    kept = Rows.load(tmp_path / "rows.npz").clicked()
    assert kept.click.all() and len(kept.user) == rows.click.sum()
    assert np.array_equal(kept.padded(), rows.padded()[rows.click == 1])
    assert np.array_equal(rows.first(7).padded(), rows.padded()[:7])


@pytest.mark.parametrize("model", MODELS)
def test_every_model_of_ours_trains(model: str, tmp_path: Path) -> None:
    train, parameters = start(model, generated(60, 50, 40, 5), tmp_path)
    assert train(None) >= 0 and parameters > 16 * (50 + 40 + 5)
    assert all({*models} <= {*MODELS} for models in TOOLKITS.values())


def test_a_watched_loader_gives_the_first_batches() -> None:
    watched = Watched([1, 2, 3], 2)
    assert [*watched] == [1, 2] and len(watched) == 2 and watched.seconds >= 0


def test_ratios_are_of_the_same_round() -> None:
    found = [
        {"blockrec": Epoch(10, 1000, 1.0, 1.0, 0.1, 2**20, 5), "rechub": Epoch(10, 1000, 4.0, 3.0, 1.0, 2**21, 5)},
        {"blockrec": Epoch(10, 1000, 2.0, 2.0, 0.1, 2**20, 5), "rechub": Epoch(10, 1000, 8.0, 6.0, 2.0, 2**22, 5)},
    ]
    assert line("din", "rechub", found)[3:] == ["0.25", "450", "3.0", "25%", "4", "5"]
