"""README and docs/*.md are true: Python runs, models check, commands succeed, tables are current, links lead somewhere.

Fences say what is done with them: `python` is run (all of a page as one program), `python file=NAME` and
`yaml file=NAME` are written to the page's folder, `yaml model` is checked with each of its variants, `yaml card` is
written under its name, and lines of `console` that start with `$ ` are run in the page's folder: with exit code 0, or
that of `console exit=N`; lines that follow are what the command prints.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from blockrec.graph.compile import check

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES.append(ROOT / "docs" / "errors" / "README.md")
FENCE = re.compile(r"^```(\w+)(?: ([\w=./]+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the word behind it, its text."""

    language: str
    mark: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(m[1], m[2] or "", m[3]) for m in FENCE.finditer(page.read_text("utf-8"))]


def having(language: str, mark: str = "") -> list[Path]:
    """Pages with such a block."""
    return [p for p in PAGES if any(b.language == language and b.mark.startswith(mark) for b in blocks(p))]


def name(page: Path) -> str:
    return page.name


@pytest.fixture
def folder(page: Path, tmp_path: Path) -> Path:
    """A folder with the files that the page shows, and a log for its examples."""
    for block in blocks(page):
        if block.mark.startswith("file="):
            (tmp_path / block.mark.removeprefix("file=")).write_text(block.text, "utf-8")
        elif block.mark == "card":
            card = re.search(r"^name: (\w+)$", block.text, re.MULTILINE)[1]
            (tmp_path / f"{card}.yaml").write_text(block.text, "utf-8")
    write_orders(tmp_path / "orders.csv")
    return tmp_path


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run Python in `folder`; it has to end with `code`. Returns what it printed on both streams."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == code, f"{shlex.join(arguments)}\n{done.stdout}"
    return done.stdout


def write_orders(path: Path) -> None:
    """60 customers with 25 orders of 80 products in 8 departments."""
    draw = random.Random(0)
    rows = [(c, p := draw.randrange(80), p % 8, 1000 * t + c) for c in range(60) for t in range(25)]
    path.write_text("customer,product,department,ordered_at\n" + "".join(f"{','.join(map(str, r))}\n" for r in rows))


@pytest.mark.parametrize("page", having("python"), ids=name)
def test_python_runs(page: Path, folder: Path) -> None:
    program = folder / "page.py"
    program.write_text("\n".join(b.text for b in blocks(page) if b.language == "python" and not b.mark), "utf-8")
    run(folder, program.name)


@pytest.mark.parametrize("page", having("yaml", "model"), ids=name)
def test_models_have_no_mistake(page: Path) -> None:
    for block in blocks(page):
        if block.mark == "model":
            document, _, _ = check(block.text)
            for variant in [None, *document.root.section("variants")]:
                _, graph, found = check(block.text, variants=[variant] if variant else [])
                assert graph is not None, found
                assert len(found) == 0, found


LONG = {"data.md", "experiments.md", "retrieval.md", "training.md"}
"""Pages with many commands, each of which is a process."""
COMMANDS = [pytest.param(page, marks=pytest.mark.nightly) if page.name in LONG else page for page in having("console")]


@pytest.mark.parametrize("page", COMMANDS, ids=name)
def test_commands_do_what_the_page_says(page: Path, folder: Path) -> None:
    for block in blocks(page):
        if block.language == "console":
            code = int(block.mark.removeprefix("exit=") or 0)
            for command, _, expected in (part.partition("\n") for part in block.text.removeprefix("$ ").split("\n$ ")):
                printed = run(folder, "-m", *shlex.split(command), code=code)
                assert not expected or printed.rstrip() == expected.rstrip()


@pytest.mark.parametrize("page", [p for p in PAGES if "<!-- end -->" in p.read_text("utf-8")], ids=name)
def test_tables_and_pictures_are_current(page: Path) -> None:
    spec = importlib.util.spec_from_file_location("docs_tool", ROOT / "tools/docs.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    text = page.read_text("utf-8")
    assert tool.current(text) == text, "run python tools/docs.py"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_custom_block_and_its_model_are_short() -> None:
    files = [b for b in blocks(ROOT / "docs/blocks.md") if b.mark.startswith("file=")]
    lines = [line for b in files for line in b.text.splitlines() if line.strip()]
    assert len(lines) < 20
