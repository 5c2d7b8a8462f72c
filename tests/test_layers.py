"""The layers that docs/architecture.md draws are those that the imports have; light layers start without torch."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "blockrec"
FREE = {"blockrec", "blockrec.__main__"}
"""The public names and the command; they reach whatever they name."""
VERSION = "blockrec.__version__"


@cache
def picture() -> str:
    return re.search(r"```mermaid\n(.*?)```", (ROOT / "docs/architecture.md").read_text("utf-8"), re.DOTALL)[1]


@cache
def layers() -> nx.DiGraph:
    graph = nx.DiGraph()
    for line in picture().splitlines():
        if "-->" in line:
            source, targets = line.split("-->")
            graph.add_edges_from((source.strip(), target.strip()) for target in targets.split("&"))
    return graph


@cache
def light_layers() -> set[str]:
    return set(re.search(r"class (\S+) light", picture())[1].split(","))


def modules() -> dict[str, Path]:
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in PACKAGE.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for path, name in sorted(names.items())}


def layer_of(module: str) -> str | None:
    """The longest layer name that the module's name starts with."""
    inside = module.removeprefix("blockrec.")
    found = [layer for layer in layers() if inside == layer or inside.startswith(f"{layer}.")]
    return max(found, key=len, default=None)


def imported(tree: ast.AST) -> Iterator[str]:
    """Modules of this package that `tree` imports anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_start(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported: not those of functions, not those for type checkers."""
    for statement in body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            continue
        if isinstance(statement, (ast.If, ast.Try, ast.With)):
            yield from at_start([s for s in ast.iter_child_nodes(statement) if isinstance(s, ast.stmt)])
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield statement


CHECKED = [name for name in modules() if name not in FREE]


def test_the_picture_has_no_cycle() -> None:
    assert nx.is_directed_acyclic_graph(layers())


def test_every_layer_of_the_picture_exists() -> None:
    assert set(layers()) <= {layer_of(name) for name in CHECKED}


@pytest.mark.parametrize("module", CHECKED)
def test_a_module_imports_only_what_its_layer_reaches(module: str) -> None:
    layer = layer_of(module)
    assert layer is not None, f"{module} belongs to no layer of docs/architecture.md"
    allowed = {layer, *nx.descendants(layers(), layer)}
    tree = ast.parse(modules()[module].read_text("utf-8"))
    ours = {name for name in imported(tree) if name.startswith("blockrec.") and name != VERSION}
    assert {name: layer_of(name) for name in ours if layer_of(name) not in allowed} == {}


@pytest.mark.parametrize("module", [name for name in CHECKED if layer_of(name) in light_layers()])
def test_a_light_module_does_not_import_torch_when_it_is_imported(module: str) -> None:
    tree = ast.parse(modules()[module].read_text("utf-8"))
    packages = {name.split(".")[0] for statement in at_start(tree.body) for name in imported(statement)}
    assert packages.isdisjoint({"torch", "numba", "triton", "torchmetrics", "einops", "jaxtyping"})


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cache that has seen the model and the blocks once."""
    folder = tmp_path_factory.mktemp("warm")
    for command in ("check", "blocks"):
        assert run(folder, command, *(["dare"] if command == "check" else [])).returncode == 0
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own; the last line of stderr says whether torch was imported."""
    probe = (
        "import sys\n"
        "from blockrec.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print('torch' in sys.modules, file=sys.stderr)\n"
    )
    environment = {"PATH": "", "HOME": str(folder), "BLOCKREC_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", probe, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["version"],
        ["fetch"],
        ["check", "dare"],
        ["viz", "dare"],
        ["ls", "dare", "+search"],
        ["blocks"],
        ["explain", "din"],
        ["explain", "E310"],
        ["explain", "tmall"],
        ["schema"],
        ["completion", "bash"],
        ["new", "mine"],
        ["explain", "dare"],
        ["explain", "dare", "head.norm"],
        ["explain", "dare", "--resolved"],
        ["diff", "dare", "dare:twin"],
    ],
    ids=" ".join,
)
def test_light_commands_do_not_import_torch(warm: Path, arguments: list[str]) -> None:
    done = run(warm, *arguments)
    assert done.returncode == (arguments[0] == "diff"), done.stderr
    assert done.stderr.splitlines()[-1] == "False"
