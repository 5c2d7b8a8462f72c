"""Every code has a page, whose file fails as it says and whose mended file does not."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blockrec.cli import pages as reader
from blockrec.cli.main import main
from blockrec.codes import CODES

from .pages import Page, read, shows

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "errors"
PAGES = [read(path) for path in sorted(FOLDER.glob("[EW]*.md"))]
CAUGHT = """
from blockrec.diagnostics import BlockrecError
import sys
try:
    exec(sys.stdin.read())
except BlockrecError as mistake:
    print(mistake)
    raise SystemExit(2)
"""


def code_of(page: Page) -> str:
    return page.code


def test_codes_and_pages_are_the_same() -> None:
    assert {page.code for page in PAGES} == CODES.keys()


@pytest.mark.parametrize("page", PAGES, ids=code_of)
def test_a_page_begins_with_its_code(page: Page) -> None:
    assert page.text.startswith(f"# {page.code}: {CODES[page.code]}\n")
    assert max(map(len, re.sub("```.*?```", "", page.text, flags=re.DOTALL).split("\n"))) <= 120


@pytest.mark.parametrize("page", PAGES, ids=code_of)
def test_the_page_is_true(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, printed = _done(page, "fails", tmp_path, capfd)
    assert shows(printed, page.printed), printed
    found = re.findall(r"(?:error|warning)\[(\w+)\]", printed)
    assert found[0] == page.code and (code != 0) == page.code.startswith("E")
    code, printed = _done(page, "mended", tmp_path, capfd)
    assert code == 0 and not re.search(r"(?:error|warning)\[", printed), printed


def _done(page: Page, side: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of the page's command or program, and what it printed on both streams."""
    page.write(side, folder)
    program = page.program(side)
    if program is not None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"}
        command = [sys.executable, "-c", CAUGHT]
        done = subprocess.run(command, input=program, cwd=folder, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(page.command(side))[1:])
    out, err = capfd.readouterr()
    return int(ended.value.code or 0), err + out


@pytest.mark.parametrize("page", PAGES, ids=code_of)
def test_the_page_reads_well_in_a_terminal(page: Page) -> None:
    text = reader.page(page.code)
    assert text.startswith(f"{page.code}: {CODES[page.code]}\n\n")
    assert "```" not in text and "](" not in text and "**" not in text
    assert f"  {page.printed.splitlines()[0]}" in text.split("\n")


def test_no_page_of_an_unknown_code() -> None:
    with pytest.raises(KeyError):
        reader.page("E999")


def test_the_pages_are_in_the_wheel() -> None:
    if sys.version_info < (3, 11):
        pytest.skip("tomllib")
    import tomllib

    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "docs/errors" in wheel["only-include"]
    assert wheel["sources"]["docs/errors"] == "blockrec/error_pages"


def test_an_installed_package_finds_its_pages(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "blockrec", tmp_path / "blockrec", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(FOLDER, tmp_path / "blockrec" / "error_pages")
    program = "from blockrec.cli.pages import page; print(page('E310'))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.startswith("E310: "), done.stderr
