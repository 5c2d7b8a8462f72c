"""The schema at work in the server that VS Code's YAML extension runs: completion, hover, no false alarm.

`YAML_LANGUAGE_SERVER` names a server that is installed; else npm installs one in a temporary folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count

import pytest

from blockrec.cli.schema import offered
from blockrec.language.files import packaged_cards, packaged_models
from blockrec.language.schema.editor import editor_schema
from tests.cli.language_server import LanguageServer

pytestmark = pytest.mark.nightly

PACKAGED = {**packaged_models(), **packaged_cards()}
MODEL = """\
blockrec: 1
name: m
features: {item: {vocab: 100}, user: {vocab: 50}, clicks: {max_len: 20, fields: {item: {like: item}}}}
labels: [click]
graph:
  target: {block: embed, in: item, dim: 8}
  history: {block: embed, in: clicks, dim: 8}
  interest: {block: din, in: {query: target, keys: history}, hidden: [16], activation: relu}
  logit: {block: linear, in: [target, interest], out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
train:
  epochs: 1
"""
PATCH = f"{MODEL}variants:\n  v:\n    "

COMPLETED = {
    "top of an empty file": ("", "|", ["blockrec", "graph", "dataset", "licence"]),
    "top of a model": (MODEL, "|", ["variants", "sweep", "losses"]),
    "settings": (MODEL, "  |", ["steps", "optimizer", "device"]),
    "settings inside settings": (MODEL, "  optimizer: {dense: {a|}}", ["adam", "adamw"]),
    "their choices": (MODEL, "  device: |", ["auto", "cpu", "cuda", "mps"]),
    "data": (MODEL, "data:\n  split:\n    by: |", ["time", "leave_last", "user"]),
    "a model to extend": ("blockrec: 1\n", "extends: |", [*packaged_models()]),
    "a card": ("blockrec: 1\n", "dataset: |", [*packaged_cards()]),
    "a kernel": (MODEL, "kernels: |", ["auto", "reference", "cpu", "triton"]),
    "a sweep": (MODEL, "sweep: {g|}", ["grid", "random", "seeds"]),
    "a block in a composite": (MODEL, "blocks:\n  t:\n    graph:\n      a:\n        block: |", ["mlp", "din"]),
    "a loss": (MODEL, "losses:\n  a:\n    |", ["block", "in", "weight"]),
    "inputs of a loss": (MODEL, "losses:\n  a:\n    block: bce\n    in:\n      |", ["logits", "label"]),
    "a section of a variant": (PATCH, "|", ["graph", "train", "params"]),
    "a node of a variant": (PATCH, "graph:\n      logit: {b|}", ["block", "in"]),
    "a parameter in a variant": (PATCH, "graph:\n      logit: {block: mlp, in: target, h|}", ["hidden", "dropout"]),
}
REPLACED = {
    "the words of a node": ("{block: linear, in", "{b|, in", ["block", "repeat", "each", "share", "kernel"]),
    "a block": ("block: din", "block: |", ["din", "mlp", "embed", "target_attention"]),
    "a parameter": ("hidden: [16], ", "hidden: [16], |", ["norm", "activation", "kernel"]),
    "its choices": ("activation: relu", "activation: |", ["relu", "prelu", "dice"]),
    "inputs": ("{query: target, keys: history}", "{q|}", ["query", "keys"]),
    "the other input": ("keys: history", "k|", ["keys"]),
    "a kind of feature": ("{vocab: 50}", "{v|}", ["vocab", "hash", "buckets", "calendar"]),
    "its choices too": ("vocab: 50", "raw: |", ["int64", "float32"]),
    "words for a number": ("user: {vocab: 50}", "user: {vocab: |}", ["auto"]),
    "words with a pattern": ("user: {vocab: 50}", "user: {calendar: |}", ["hour", "weekday"]),
    "the loss of a task": ("loss: bce", "loss: |", ["bce", "softmax"]),
    "its parameters": ("loss: bce", "loss: {block: softmax, e|}", ["epsilon", "positive"]),
    "a metric": ("[auc]", "[|]", ["auc", "logloss"]),
    "a word of a task": ("metrics: [auc]", "w|", ["weight", "mask", "metrics"]),
}
PLACES = {
    **{what: (text + more, labels) for what, (text, more, labels) in COMPLETED.items()},
    **{what: (MODEL.replace(old, new), labels) for what, (old, new, labels) in REPLACED.items()},
}

HOVERED = {
    "gra|ph": "Nodes by name",
    "lab|els": "Targets",
    "inter|est: {": "Target attention: each behaviour",
    "block: d|in": "Target attention: each behaviour",
    "que|ry: target": "float",
    "ke|ys: history": "a sequence",
    "hid|den: [16]": "widths of the scoring network. Default: `[64, 32]`",
    "activation: re|lu": "`dice`",
    "o|ut: 1": "width of the result",
    "voc|ab: 50": "An id",
    "max_|len": "Longest sequence",
    "lo|ss: bce": "Binary cross-entropy",
    "met|rics": "Measured on every split",
    "epo|chs": "Passes over the training data. Default: `1`",
}

MISTAKEN = {
    ("block: din", "block: dni"): "Value is not accepted",
    ("query: target", "qery: target"): "qery",
    ("hidden: [16]", "hiden: [16]"): "hiden",
    ("vocab: 50", "vocab: many"): "a whole number, `auto`, or a file",
    ("labels", "lables"): "lables",
    ("epochs: 1", "epochs: 0"): "below the minimum",
    ("loss: bce", "loss: bec"): "Value is not accepted",
    (", out: 1", ""): "out",
    ("{query: target, keys: history}", "target"): "Incorrect type",
}


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    installed = os.environ.get("YAML_LANGUAGE_SERVER")
    if installed:
        return [installed, "--stdio"]
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("server")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "yaml-language-server@1"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"npm cannot install yaml-language-server: {done.stderr[-300:]}")
    return ["node", str(folder / "node_modules/yaml-language-server/bin/yaml-language-server"), "--stdio"]


@pytest.fixture(scope="module")
def server(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    schema = tmp_path_factory.mktemp("schema") / "blockrec.schema.json"
    schema.write_text(json.dumps(editor_schema(offered([]))), "utf-8")
    server = LanguageServer(command, schema)
    yield server
    server.close()


NUMBERS = count()


def marked(text: str) -> tuple[str, int, int]:
    """The text without its `|`, and the line and column where that stood."""
    before, _, after = text.partition("|")
    return before + after, before.count("\n"), len(before) - before.rfind("\n") - 1


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_files_have_no_mistake(server: LanguageServer, name: str) -> None:
    assert server.mistakes(f"{name}.yaml", PACKAGED[name].read_text("utf-8")) == []


@pytest.mark.parametrize("what", PLACES)
def test_completion(server: LanguageServer, what: str) -> None:
    marked_text, labels = PLACES[what]
    text, line, column = marked(marked_text)
    found = server.completions(server.open(f"{next(NUMBERS)}.yaml", text), line, column)
    assert {*labels} <= {*found}
    assert "object" not in found


@pytest.mark.parametrize("place", HOVERED)
def test_hover(server: LanguageServer, place: str) -> None:
    text, line, column = marked(MODEL.replace(place.replace("|", ""), place, 1))
    assert HOVERED[place] in server.hover(server.open(f"{next(NUMBERS)}.yaml", text), line, column)


def test_blocks_are_offered_with_what_they_do(server: LanguageServer) -> None:
    text, line, column = marked(MODEL.replace("block: din", "block: |"))
    found = server.completions(server.open(f"{next(NUMBERS)}.yaml", text), line, column)
    for name, words in offered([]).blocks.items():
        assert words.summary[:20] in json.dumps(found[name]["documentation"], ensure_ascii=False), name


@pytest.mark.parametrize("change", MISTAKEN, ids=lambda change: change[1] or change[0])
def test_mistakes_are_underlined_once(server: LanguageServer, change: tuple[str, str]) -> None:
    found = server.mistakes(f"{next(NUMBERS)}.yaml", MODEL.replace(*change))
    assert 1 <= len(found) <= 2
    assert MISTAKEN[change] in " ".join(found)
