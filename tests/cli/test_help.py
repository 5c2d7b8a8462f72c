"""The help teaches: every command has examples, and they use what exists."""

from __future__ import annotations

import importlib.metadata
import json
import re
from typing import Any

import pytest

import blockrec as package

COMMANDS = ["new", "run", "sweep", "compare", "check", "viz", "ls", "diff", "blocks", "explain", "schema", "completion"]
COMMANDS += ["eval", "predict", "report", "bench", "fetch", "tree", "retrieve", "doctor", "version"]


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_lists_the_commands_in_full(blockrec: Any, arguments: list[str]) -> None:
    ended = blockrec(*arguments)
    assert (ended.code, ended.err) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^  {command}  .*[^.]\.$", ended.out, re.MULTILINE), f"{command}: cut or missing"


@pytest.mark.parametrize("command", COMMANDS)
def test_options_in_examples_are_options_of_the_command(blockrec: Any, command: str) -> None:
    text = blockrec(command, "--help").out
    options, _, examples = text.partition("Examples:")
    for option in re.findall(r"(?<!\S)--?[a-z][\w-]*", examples):
        assert re.search(rf"{option}\b", options), option


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "version"])
def test_every_command_has_examples(blockrec: Any, command: str) -> None:
    assert len(re.findall(rf"^    blockrec {command} ", blockrec(command, "--help").out, re.MULTILINE)) >= 2


@pytest.mark.parametrize("command", ["run", "check"])
def test_overrides_and_variants_in_examples_exist(blockrec: Any, command: str) -> None:
    text = blockrec(command, "--help").out.partition("Examples:")[2]
    given = re.findall(r"(--set|--variant) (\S+)", text)
    assert {option for option, _ in given} == {"--set", "--variant"}
    assert blockrec("check", "dare", *(word for pair in given for word in pair)).code == 0


@pytest.mark.parametrize("arguments", ["chek", "check", "check x.yaml --forma", "run x --epochs 0", "viz a b"])
def test_wrong_usage_exits_with_3_and_a_hint(blockrec: Any, arguments: str) -> None:
    ended = blockrec(*arguments.split())
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error: ")
    assert "--help" in ended.err
    assert "Traceback" not in ended.err


def test_version_tells_what_is_installed(blockrec: Any) -> None:
    found = json.loads(blockrec("version", "--json").out)
    assert found["blockrec"] == package.__version__
    assert found["torch"] == importlib.metadata.version("torch")
    assert f"blockrec {package.__version__}\n" in blockrec("version").out


def test_public_names_exist_and_are_listed() -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
        assert name in dir(package)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing
