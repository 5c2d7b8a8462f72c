"""Every way a command can end: its exit code, and no traceback for what is not a defect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from blockrec import cache
from blockrec.cli.exits import guarded
from blockrec.cli.terminal import Terminal
from blockrec.diagnostics import fail


def raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (2, 2)])
def test_the_result_of_a_command_is_its_exit_code(result: int | None, code: int) -> None:
    assert guarded(lambda: result, Terminal()) == code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (fail("E203", "no such port"), 2, "error[E203]: no such port"),
        (fail("E502", "no such column"), 2, "error[E502]"),
        (fail("E703", "another graph"), 2, "error[E703]"),
        (fail("E506", "no connection"), 4, "error[E506]"),
        (fail("E701", "loss is nan"), 1, "error[E701]"),
        (fail("E702", "out of memory"), 1, "error[E702]"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (typer.Abort(), 130, "interrupted"),
        (PermissionError(13, "Permission denied", "/runs"), 4, "error: Permission denied: /runs"),
        (ModuleNotFoundError("No module named 'torch'"), 4, "error: No module named 'torch'"),
    ],
)
def test_what_is_not_a_defect_has_a_message_and_no_traceback(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    assert guarded(raising(error), Terminal()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_a_defect_keeps_its_traceback_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(ZeroDivisionError("by zero")), Terminal()) == 1
    err = capsys.readouterr().err
    kept = cache.folder() / "last-traceback.txt"
    assert "ZeroDivisionError: by zero" in err
    assert "Traceback" not in err
    assert str(kept) in err
    assert kept.read_text("utf-8").startswith("Traceback")


def test_verbose_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(raising(ZeroDivisionError("by zero")), Terminal(verbose=True)) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_hides_no_defect(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BLOCKREC_CACHE", str(tmp_path / "file" / "below"))
    assert guarded(raising(ZeroDivisionError("by zero")), Terminal()) == 1
    assert "by zero" in capsys.readouterr().err
