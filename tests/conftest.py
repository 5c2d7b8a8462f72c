"""What all tests share: a cache of their own."""

from __future__ import annotations

import os
import sys
import tempfile

import pytest

FOLDER = tempfile.TemporaryDirectory(prefix="blockrec-tests-")


def pytest_configure(config: pytest.Config) -> None:
    """Signatures, stores and kernels of the tests never meet those of the user; subprocesses inherit the folder."""
    os.environ["BLOCKREC_CACHE"] = FOLDER.name
    os.environ.pop("BLOCKREC_DATA", None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """One thread for what tests compute, so little that threads would only wait for each other; two for kernels."""
    threads = min(2, os.cpu_count() or 1) if "ops" in item.path.parts else 1
    for name in ("torch", "numba"):
        if name in sys.modules:
            sys.modules[name].set_num_threads(threads)


def pytest_unconfigure(config: pytest.Config) -> None:
    FOLDER.cleanup()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--reference-dir DIR`: more recorded cases, for tests/reference."""
    help = "folder of further recorded cases (<component>.<case>.json and .npz) for tests/reference"
    parser.addoption("--reference-dir", default=None, help=help)
