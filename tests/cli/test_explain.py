"""`explain` of blocks, their parts, models and their parts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from blockrec.cli import block_page, catalogue
from blockrec.data.fetch.catalogue import entry_of
from blockrec.graph.compile import check_model
from blockrec.graph.facts import facts
from blockrec.language.files import packaged_cards
from blockrec.language.metrics import metric_names
from blockrec.language.schema.metrics import KINDS

NAMES = list(catalogue.signatures())


@pytest.mark.parametrize("name", NAMES)
def test_every_part_of_a_block_has_a_page(blockrec: Any, name: str) -> None:
    signature = catalogue.signatures()[name]
    for part in block_page.parts(signature):
        found = json.loads(blockrec("explain", f"{name}.{part}", "--json").out)
        text = blockrec("explain", f"{name}.{part}").out
        assert found["block"] == name and text.startswith(f"{name}.{part}: ")
        assert found["text"] in text


def test_a_misspelt_part_of_a_block_is_told(blockrec: Any) -> None:
    ended = blockrec("explain", "din.hiden")
    assert (ended.code, ended.out) == (3, "") and "did you mean `hidden`?" in ended.err


@pytest.mark.parametrize("name", KINDS)
def test_every_metric_has_a_page(blockrec: Any, name: str) -> None:
    found = json.loads(blockrec("explain", name, "--json").out)
    text = blockrec("explain", name).out
    assert text.startswith(f"{name}: {found['text']}") and all(setting in text for setting in found["settings"])
    assert found["better"] == ("more" if KINDS[name].higher else "less")
    for written, names in found["examples"].items():
        assert written in text and metric_names([yaml.safe_load(written)]) == names


def test_a_misspelt_metric_is_told(blockrec: Any) -> None:
    ended = blockrec("explain", "ndgc")
    assert (ended.code, ended.out) == (3, "") and "did you mean `ndcg`?" in ended.err


def test_a_model_is_told_with_its_facts(blockrec: Any) -> None:
    ended = blockrec("explain", "dare")
    assert ended.code == 0
    for word in ("model dare: ", "duplicates `item` has 2 tables", "kernels    auto: score", "head.mlp", "returns "):
        assert word in ended.out
    checked, _ = check_model("dare")
    assert checked is not None
    assert json.loads(blockrec("explain", "dare", "--json").out) == json.loads(json.dumps(facts(checked).to_json()))


def test_verbose_says_which_kernels_a_model_gets(blockrec: Any) -> None:
    assert "(auto; " in blockrec("explain", "dare", "-v").out


def test_a_name_of_a_block_and_a_model_is_the_block_and_says_so(blockrec: Any) -> None:
    ended = blockrec("explain", "din")
    assert ended.out.startswith("din: Target attention") and "model_zoo/din.yaml`" in ended.err
    assert blockrec("explain", "din", "target").out.startswith("node target")


def test_parts_of_a_model_have_pages(blockrec: Any) -> None:
    ended = blockrec("explain", "dare", "head.norm")
    assert ended.code == 0
    assert "= target 48 + search 48 + head.product 48" in ended.out
    (page,) = json.loads(blockrec("explain", "dare", "head.norm", "--json").out)
    assert (page["kind"], page["sections"]["work"][0]["parameters"]) == ("node", 288)
    both = blockrec("explain", "dare", "click").out
    assert "label click" in both and "task click" in both


def test_variants_sets_and_data_reach_it(blockrec: Any) -> None:
    assert "out[1]  96" in blockrec("explain", "dare", "head.norm", "--variant", "no_tr").out
    wide = blockrec("explain", "dare", "query", "--set", "params.attention_dim=32").out
    assert "= item 32 + category 32" in wide
    assert "card movielens_100k" in blockrec("explain", "dare", "item", "--data", "movielens_100k").out


def test_an_unknown_part_is_wrong_usage(blockrec: Any) -> None:
    ended = blockrec("explain", "dare", "serch")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "error: the model has nothing of the name `serch`\n  = help: did you mean `search`?\n"


def test_the_resolved_file_checks(blockrec: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = ("--variant", "paper", "--set", "train.seed=7")
    text = blockrec("explain", "dare", "--resolved", *chosen).out
    wanted = blockrec("check", "dare", *chosen).out
    (tmp_path / "r.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert blockrec("check", "r.yaml", "--strict").out == wanted
    assert "seed: 7" in text and "# --set" in text and "# variant paper, " in text and "# default" in text
    found = json.loads(blockrec("explain", "r.yaml", "--resolved", "--json").out)
    assert {"path": "train.seed", "value": 7, "origin": found[-1]["origin"]}["value"] == 7
    assert blockrec("explain", "r.yaml", "head", "--resolved").code == 3


def test_mistakes_of_the_model_are_told(blockrec: Any) -> None:
    ended = blockrec("explain", "dare", "head", "--set", "graph.head.hiden=3")
    assert (ended.code, ended.out) == (2, "") and "error[E" in ended.err
    missing = blockrec("explain", "nowhere.yaml")
    assert (missing.code, missing.out) == (2, "") and "E009" in missing.err


@pytest.mark.parametrize("card", packaged_cards())
def test_every_card_has_a_page(blockrec: Any, card: str) -> None:
    """What it is, how to get the data, what it offers; the command that it names is a command."""
    ended = blockrec("explain", card)
    assert (ended.code, ended.err) == (0, "") and ended.out.startswith(f"card {card}\n\n")
    found = json.loads(blockrec("explain", card, "--json").out)
    assert found["doc"].endswith(".") and "click" in found["labels"] and found["features"]
    for name in re.findall(r"blockrec fetch ([\w/]+)", found["how_to_get"]):
        assert entry_of(name).holds


def test_kernels_of_a_model_and_why_not_others(blockrec: Any) -> None:
    lines = blockrec("explain", "din", "--kernels").out.splitlines()
    assert lines[0].split()[:4] == ["node", "op", "asked", "kernel"]
    assert any(" cpu " in line and "triton: it serves cuda tensors, the device is cpu" in line for line in lines)
    found = json.loads(blockrec("explain", "din", "--kernels", "--json").out)
    assert len(found) == len(lines) - 1 and set(found[0]) == {"node", "op", "asked", "bound", "why"}
    assert blockrec("explain", "din", "head", "--kernels").code == 3


def test_a_model_without_kernels(blockrec: Any, tmp_path: Path) -> None:
    text = "blockrec: 1\nfeatures: {x: {vocab: 9}}\nlabels: [y]\ngraph:\n  v: {block: embed, in: x, dim: 4}\n"
    text += "  z: {block: linear, in: v, out: 1}\n"
    file = tmp_path / "plain.yaml"
    file.write_text(f"{text}tasks: {{y: {{logits: z, loss: bce}}}}\n")
    assert blockrec("explain", str(file), "--kernels").out == "no node binds a kernel\n"
