"""Small logs written into a folder, opened as a model file in it would open them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from blockrec.data import Dataset, open_dataset
from blockrec.diagnostics import Diagnostics, Source
from blockrec.language.declare import read_features
from blockrec.language.source import read_map

FEATURES = """
user: {vocab: auto}
item: {vocab: auto}
behaviors: {max_len: 3, fields: {item: {like: item}, position: {position: from_end}, time: {raw: int64}}}
"""


def visits() -> dict[str, NDArray[np.int64]]:
    """Columns of 60 users × 15 events: items 0 … 29 by falling popularity; item 99 only in the last events of five."""
    users, steps = 60, 15
    item = np.minimum(np.random.default_rng(1).geometric(0.12, (users, steps)) - 1, 29)
    item[:5, -1] = 99
    user, time = np.repeat(np.arange(users), steps), np.tile(np.arange(steps), users)
    return {"user": user, "time": time, "item": item.reshape(-1), "category": item.reshape(-1) % 7}


@dataclass
class Project:
    """A folder with data files and the sections that describe them."""

    folder: Path

    def parquet(self, name: str = "log.parquet", **columns: Any) -> Path:
        """Write a Parquet file."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        pq.write_table(pa.table(columns), path)
        return path

    def text(self, name: str, text: str) -> Path:
        """Write a text file."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def open(
        self,
        data: str,
        features: str = FEATURES,
        labels: str = "[click]",
        used: Sequence[str] = ("user", "item", "behaviors.item", "behaviors.position", "behaviors.time", "click"),
        fitted: Path | None = None,
    ) -> tuple[Dataset | None, Diagnostics]:
        """What `open_dataset` gives for the three sections, and what it reports."""
        report = Diagnostics()
        text = f"features:\n{_indented(features)}\nlabels: {labels}\ndata:\n{_indented(data)}\n"
        path = self.text("model.yaml", text)
        document = read_map(Source(str(path), text), report)
        assert document is not None and not report.failed, str(report)
        declared = read_features(document.section("features"), document["labels"], report)
        assert not report.failed, str(report)
        cache = self.folder / "cache"
        dataset = open_dataset(document.section("data"), declared, used, report, cache=cache, fitted=fitted)
        return dataset, report

    def dataset(self, data: str, features: str = FEATURES, labels: str = "[click]", **more: Any) -> Dataset:
        """The dataset of sections without mistakes."""
        dataset, report = self.open(data, features, labels, **more)
        assert dataset is not None, str(report)
        return dataset

    def errors(self, data: str, features: str = FEATURES, labels: str = "[click]", **more: Any) -> list[str]:
        """`code message help` of each mistake in the sections, of which nothing is kept."""
        dataset, report = self.open(data, features, labels, **more)
        assert dataset is None
        assert not list((self.folder / "cache").glob("samples-*")) + list((self.folder / "cache").glob(".building*"))
        assert all(d.at is not None for d in report.errors)
        return [f"{d.code} {d.message} [{d.help}] at {_marked(d.at)}" for d in report.errors]


def _marked(at: Any) -> str:
    line = at.source.lines[at.line]
    return str(line[at.column : at.column + at.length])


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.strip("\n").split("\n"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder."""
    return Project(tmp_path)


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[[], Project]:
    """Empty folders, one for each call: for tests that draw many logs."""
    count = iter(range(10_000))

    def make() -> Project:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        return Project(folder)

    return make
