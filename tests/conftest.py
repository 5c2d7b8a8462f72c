"""What all tests share: few threads, and a cache of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def own_cache() -> Iterator[None]:
    """Signatures and stores of the tests never meet those of the user; subprocesses inherit the folder."""
    with tempfile.TemporaryDirectory(prefix="blockrec-tests-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLOCKREC_CACHE", os.environ.get("BLOCKREC_TEST_CACHE", folder))
        yield
