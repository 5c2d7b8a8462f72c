"""What all tests share: a cache of their own."""

from __future__ import annotations

import os
import tempfile

import pytest

FOLDER = tempfile.TemporaryDirectory(prefix="blockrec-tests-")


def pytest_configure(config: pytest.Config) -> None:
    """Signatures, stores and kernels of the tests never meet those of the user; subprocesses inherit the folder."""
    os.environ["BLOCKREC_CACHE"] = FOLDER.name
    os.environ.pop("BLOCKREC_DATA", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    FOLDER.cleanup()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--reference-dir DIR`: more recorded cases, for tests/reference."""
    help = "folder of further recorded cases (<component>.<case>.json and .npz) for tests/reference"
    parser.addoption("--reference-dir", default=None, help=help)
