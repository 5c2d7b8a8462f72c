"""Cases recorded from the original systems; `--reference-dir DIR` adds others of the same format."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference.case import Case, read_cases

HERE = Path(__file__).parent / "cases"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test the cases of the component families that its module names in `COMPONENTS`."""
    if "case" not in metafunc.fixturenames:
        return
    extra = metafunc.config.getoption("--reference-dir")
    folders = [HERE, *([Path(extra)] if extra else [])]
    wanted = metafunc.module.COMPONENTS
    cases = [c for folder in folders for c in read_cases(folder) if c.component in wanted]
    metafunc.parametrize("case", cases, ids=lambda c: c.name if isinstance(c, Case) else str(c))
