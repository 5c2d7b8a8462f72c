"""The environment is described whatever its state, and what is broken is named with a remedy."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest

from blockrec.cli import health
from blockrec.ops import names


def found(blockrec: Any, *more: str) -> tuple[int, dict[str, dict[str, str]]]:
    ended = blockrec("doctor", "--json", *more)
    return ended.code, {f["name"]: f for f in json.loads(ended.out)}


@pytest.fixture(autouse=True)
def _small_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKREC_CACHE", str(tmp_path / "cache"))


def test_a_machine_that_passes_these_tests_is_fine(blockrec: Any, tmp_path: Path) -> None:
    code, facts = found(blockrec, "--runs-dir", str(tmp_path / "a" / "b"))
    assert code == 0 and not [f for f in facts.values() if f["state"] == "bad"]
    assert facts["torch"]["value"] == importlib.metadata.version("torch")
    assert {f["name"] for f in facts.values() if f["part"] == "kernels"} == set(names())
    assert "not there yet" in facts["runs"]["value"] and "free" in facts["cache"]["value"]


def test_the_text_says_the_same(blockrec: Any) -> None:
    _, facts = found(blockrec)
    text = blockrec("doctor").out
    assert all(f"{name} " in text for name in facts) and text.rstrip().endswith("nothing is wrong")


def test_a_package_that_is_missing_or_old(blockrec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["no-such-thing>=1.2", "torch>=900; platform_system == 'Linux'", "else>=1; extra == 'dev'", "rich>=1"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: [*wanted, "odd>=1; platform_system == 'Plan9'"])
    code, facts = found(blockrec)
    assert code == 4 and "else" not in facts and "odd" not in facts and facts["rich"]["state"] == "ok"
    assert facts["no-such-thing"]["help"] == "pip install 'no-such-thing>=1.2'"
    torch = next(f for f in json.loads(blockrec("doctor", "--json").out) if f["name"] == "torch")
    assert torch["state"] == "bad" and "older than 900" in torch["value"]


@pytest.mark.parametrize("name", ["torch", "numba"])
def test_a_package_that_cannot_be_imported(blockrec: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load = importlib.import_module

    def broken(module: str) -> Any:
        if module == name:
            raise OSError("libsomething.so: cannot open shared object file\nmore")
        return load(module)

    monkeypatch.setattr(importlib, "import_module", broken)
    bad = [f for f in health.devices() if f.state == "bad"]
    assert [f.name for f in bad] == [name] and bad[0].value.endswith("cannot open shared object file")


def test_kernels_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blockrec.ops.bind", lambda _: 1 / 0)
    (finding,) = health.kernels()
    assert finding.state == "bad" and "division by zero" in finding.value


def test_a_slow_kernel_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    from blockrec.ops import Bound

    monkeypatch.setattr("blockrec.ops.bind", lambda _: Bound(print, "reference", "cpu: no numba"))
    assert {f.state for f in health.kernels()} == {"note"}


def test_a_folder_that_cannot_be_written(blockrec: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_can_write", lambda folder: "cache" not in str(folder))
    (tmp_path / "cache").mkdir()
    code, facts = found(blockrec)
    assert code == 4 and "BLOCKREC_CACHE" in facts["cache"]["help"]


def test_little_space_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LITTLE_SPACE", 2**80)
    states = {f.name: f.state for f in health.folders(tmp_path)}
    assert states["cache"] == states["runs"] == "note"
