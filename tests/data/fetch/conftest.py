"""A server, and a folder of data sets that is empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data.fetch.server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`$BLOCKREC_DATA`."""
    folder = tmp_path / "data"
    monkeypatch.setenv("BLOCKREC_DATA", str(folder))
    return folder
