"""What the shell completes, through the protocol that its script speaks; quietly, and without torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blockrec.cli import completion
from blockrec.cli.shell import SCRIPTS
from blockrec.codes import CODES
from blockrec.language.files import packaged_models
from blockrec.language.schema.train import TRAIN

ROOT = Path(__file__).parents[2]
BROKEN = "blockrec: 1\ngraph: {a: {block: mlp\n"
WRONG = "blockrec: 1\nfeatures: {item: {vocab: 3}}\ngraph: {a: {block: nothing, in: q}, b: {block: mlp, in: 3}}\n"


@pytest.fixture
def folder(tmp_path: Path, blockrec: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, as the current folder."""
    monkeypatch.chdir(tmp_path)
    assert blockrec("new", "mine").code == 0
    monkeypatch.chdir("mine")
    Path("broken.yaml").write_text(BROKEN, "utf-8")
    Path("wrong.yaml").write_text(WRONG, "utf-8")
    Path("runs/older").mkdir(parents=True)
    return Path.cwd()


@pytest.fixture
def complete(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """complete("run", "mo") → what is offered for the last word, as bash asks for it."""

    def ask(*words: str) -> list[str]:
        from blockrec.cli.main import main

        monkeypatch.setenv("_BLOCKREC_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(["blockrec", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit):
            main([])
        out, err = capsys.readouterr()
        assert err == ""
        return out.split()

    return ask


EXPECTED = {
    ("",): {"new", "run", "check", "schema", "completion"},
    ("ru",): {"run"},
    ("check", "--st"): {"--strict"},
    ("--color", ""): {"auto", "always", "never"},
    ("run", ""): {"dare", "din", "model.yaml", "runs/"},
    ("run", "mod"): {"model.yaml"},
    ("run", "../mine/mod"): {"../mine/model.yaml"},
    ("run", "model.yaml", "--data", ""): {"planted_interests", "data.yaml"},
    ("run", "model.yaml", "--device", ""): {*TRAIN["properties"]["device"]["enum"]},
    ("run", "model.yaml", "--variant", ""): {"mean", "gated"},
    ("run", "model.yaml", "--variant", "mean,"): {"mean,gated"},
    ("check", "twin", "--variant", "no_a"): {"no_aux"},
    ("run", "model.yaml", "--set", "tr"): {"train."},
    ("run", "model.yaml", "--set", "graph.de"): {"graph.deep."},
    ("run", "model.yaml", "--set", "graph.deep.hi"): {"graph.deep.hidden="},
    ("run", "model.yaml", "--set", "params."): {"params.dim="},
    ("run", "model.yaml", "--set", "train.optimizer.dense.adam.l"): {"train.optimizer.dense.adam.lr="},
    ("check", "dare", "--set", "graph.head."): {"graph.head.hidden=", "graph.head.classes=", "graph.head.in."},
    ("check", "--import", ""): {"blocks.py"},
    ("ls", "model.yaml", ""): {"target", "deep", "logit"},
    ("ls", "model.yaml", "2+de"): {"2+deep"},
    ("ls", "model.yaml", "--exclude", "log"): {"logit"},
    ("explain", "E31"): {code for code in CODES if code.startswith("E31")},
    ("explain", ""): {"mlp", "dare", "model.yaml"},
    ("explain", "model.yaml", ""): {"target", "behaviors", "dim"},
    ("blocks", "em"): {"embed"},
    ("compare", "old"): {"older"},
    ("new", "x", "--from", ""): {*packaged_models()},
    ("check", "wrong.yaml", "--set", "graph."): {"graph.a.", "graph.b."},
}
NOTHING = [
    ("run", "broken.yaml", "--variant", ""),
    ("run", "absent.yaml", "--variant", ""),
    ("run", "model.yaml", "--set", "graph.nothing.x.y."),
    ("run", "nowhere/"),
    ("ls", "broken.yaml", ""),
]


@pytest.mark.parametrize("words", EXPECTED, ids=" ".join)
def test_names_are_offered(complete: Any, words: tuple[str, ...]) -> None:
    found = complete(*words)
    assert EXPECTED[words] <= {*found}
    assert len(found) == len({*found})
    start = words[-1]
    assert all(name.startswith(start) for name in found)


@pytest.mark.parametrize("words", NOTHING, ids=" ".join)
def test_what_cannot_be_read_offers_nothing_and_complains_of_nothing(complete: Any, words: tuple[str, ...]) -> None:
    assert complete(*words) == []


def test_every_offered_path_can_be_set(folder: Path, complete: Any, blockrec: Any) -> None:
    paths = [path for path in complete("run", "model.yaml", "--set", "graph.deep.") if path.endswith("=")]
    for path in paths:
        os.environ.pop("_BLOCKREC_COMPLETE", None)
        assert "E110" not in blockrec("check", "model.yaml", "--set", f"{path}1").err


@pytest.mark.parametrize("name", [name for name in dir(completion) if not name.startswith("_")])
def test_completion_never_raises(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    function = getattr(completion, name)
    if getattr(function, "__wrapped__", None) is None:
        return
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o000)
    try:
        arguments = {"ctx": object()} if "ctx" in function.__wrapped__.__annotations__ else {}
        assert isinstance(function(incomplete="~/\0[", **arguments), list)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_of_bash_completes(folder: Path) -> None:
    (folder / "blockrec").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m blockrec "$@"\n', "utf-8")
    (folder / "blockrec").chmod(0o755)
    script = f"""
        compopt() {{ echo "$@"; }}
        {SCRIPTS["bash"]}
        COMP_WORDS=(blockrec run model.yaml --set graph.deep.hid); COMP_CWORD=4
        _blockrec_completion ./blockrec; echo "${{COMPREPLY[@]}}"
        COMP_WORDS=(blockrec run model.yaml --variant g); COMP_CWORD=4
        _blockrec_completion ./blockrec; echo "${{COMPREPLY[@]}}"
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert (done.stdout.split("\n"), done.stderr) == (["-o nospace", "graph.deep.hidden=", "gated", ""], "")


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_for_each_shell(blockrec: Any, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = blockrec("completion", shell).out
    assert "_BLOCKREC_COMPLETE=complete_" in printed
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert blockrec("completion").out == printed
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=printed, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_completion_does_not_import_torch(folder: Path) -> None:
    probe = (
        "import sys\n"
        "from blockrec.cli.main import main\n"
        "try: main([])\n"
        "finally: print('torch' in sys.modules, file=sys.stderr)\n"
    )
    words = ["blockrec", "run", "model.yaml", "--set", "graph.deep."]
    asked = {"_BLOCKREC_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(words), "COMP_CWORD": "4"}
    environment = {**os.environ, **asked, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", probe], cwd=folder, env=environment, capture_output=True, text=True)
    assert "graph.deep.hidden=" in done.stdout.split()
    assert done.stderr == "False\n"
