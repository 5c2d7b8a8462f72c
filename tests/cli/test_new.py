"""`blockrec new`: a project that runs at once, and never over what exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from blockrec.cli import starter
from blockrec.language.files import packaged_models
from tests.cli.test_schema import mistakes, read
from tests.zoo.test_zoo import OWN

BEGINNINGS = {"small": [], **{name: ["--from", name] for name in packaged_models() if name not in OWN}}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=BEGINNINGS)
def project(request: pytest.FixtureRequest, blockrec: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project, as the current folder."""
    ended = blockrec("new", "mine", *BEGINNINGS[request.param])
    assert (ended.code, ended.err) == (0, "")
    monkeypatch.chdir("mine")
    return Path.cwd()


def test_it_checks_and_runs(project: Path, blockrec: Any) -> None:
    checked = blockrec("check", "model.yaml", "--strict")
    assert (checked.code, checked.err) == (0, "")
    ended = blockrec("run", "model.yaml", "--steps", "2")
    assert ended.code == 0, ended.err
    assert [*Path("runs/mine").glob("*/graph.svg")]


def test_its_files_are_valid_for_the_editor(project: Path) -> None:
    validator = Draft7Validator(json.loads(Path("blockrec.schema.json").read_text("utf-8")))
    for name in ("model.yaml", "data.yaml"):
        text = Path(name).read_text("utf-8")
        assert mistakes(validator, read(text)) == []
        assert text.startswith("# yaml-language-server: $schema=blockrec.schema.json\n")
    settings = json.loads(Path(".vscode/settings.json").read_text("utf-8"))
    assert [(project / file).is_file() for file in settings["yaml.schemas"]] == [True]


def test_what_its_readme_says_works(blockrec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert blockrec("new", "mine").code == 0
    monkeypatch.chdir("mine")
    (block,) = re.findall(r"```bash\n(.*?)```", Path("README.md").read_text("utf-8"), re.DOTALL)
    for line in block.splitlines():
        command = line.partition("#")[0].split()
        assert command[0] == "blockrec"
        assert blockrec(*command[1:], *(["--steps", "2"] if command[1] == "run" else [])).code == 0, line
    for variant in ("mean", "gated"):
        assert blockrec("check", "model.yaml", "--strict", "--variant", variant).code == 0


@pytest.mark.parametrize("name", OWN)
def test_a_model_of_other_data_is_no_beginning(name: str, blockrec: Any) -> None:
    ended = blockrec("new", "mine", "--from", name)
    assert ended.code == 3 and f"is for the data set `{OWN[name]}`" in ended.err and not Path("mine").exists()


def test_a_copy_keeps_the_comments_of_the_packaged_model(blockrec: Any) -> None:
    assert blockrec("new", "mine", "--from", "dare").code == 0
    original = packaged_models()["dare"].read_text("utf-8").splitlines()
    copy = Path("mine/model.yaml").read_text("utf-8").splitlines()
    changed = [line for line in original if line not in copy]
    assert [line.partition(":")[0] for line in changed] == ["name", "dataset"]


def test_the_log_is_the_same_every_time_and_can_be_learned() -> None:
    events, items = starter.log()
    assert starter.log() == (events, items)
    kind = dict(line.split(",")[:2] for line in items.splitlines()[1:])
    bought: dict[str, list[str]] = {}
    for line in events.splitlines()[1:]:
        user, item, _ = line.split(",")
        bought.setdefault(user, []).append(kind[item])
    assert (len(bought), sum(map(len, bought.values()))) == (starter.USERS, starter.USERS * starter.EVENTS)
    favourite = [sum(k in sorted(ks, key=ks.count)[-1:] for k in ks) / len(ks) for ks in bought.values()]
    assert sum(favourite) / len(favourite) > 2 / len(starter.CATEGORIES)


@pytest.mark.parametrize("name", ["My Model", "../mine", "a/b", "9", "", "on", "mine.yaml", "Mine"])
def test_a_name_that_is_none_is_refused_with_one_that_is(blockrec: Any, name: str) -> None:
    ended = blockrec("new", name)
    assert (ended.code, ended.out) == (3, "")
    better = re.search(r"help: (\S+): ", ended.err)[1]
    assert [*Path().iterdir()] == []
    assert blockrec("new", better).code == 0


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_nothing_is_overwritten(blockrec: Any, kind: str) -> None:
    path = Path("mine")
    {"folder": path.mkdir, "file": path.touch, "link": lambda: path.symlink_to("nowhere")}[kind]()
    ended = blockrec("new", "mine")
    assert (ended.code, ended.out) == (3, "")
    assert "exists already" in ended.err
    assert not path.is_dir() or [*path.iterdir()] == []


def test_a_model_that_is_not_packaged_is_named(blockrec: Any) -> None:
    ended = blockrec("new", "mine", "--from", "dane")
    assert ended.code == 3
    assert "did you mean `dare`?" in ended.err
    assert not Path("mine").exists()
