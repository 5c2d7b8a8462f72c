"""Pages of everything that a model names."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from blockrec.graph.compile import Checked, check_model
from blockrec.graph.explain import Unexplained, explain, names
from blockrec.graph.explain.page import Known
from blockrec.language.provenance import DEFAULT
from tests.graph.conftest import model_text
from tests.models import MODELS


@cache
def checked(name: str, variant: str = "") -> Checked:
    found, report = check_model(name, variants=[variant] if variant else [])
    assert found is not None, str(report)
    return found


@pytest.mark.parametrize(("name", "variant"), MODELS)
def test_every_name_that_is_suggested_has_a_page(name: str, variant: str) -> None:
    model = checked(name, variant)
    for word in names(Known(model)):
        pages = explain(model, word)
        assert pages and all(rows for page in pages for rows in page.to_json()["sections"].values())
        assert json.dumps([page.to_json() for page in pages], default=str)


@pytest.mark.parametrize(("name", "variant"), MODELS)
def test_sizes_of_a_page_add_up_and_parameters_say_who_set_them(name: str, variant: str) -> None:
    model = checked(name, variant)
    for word, node in Known(model).written.items():
        (page,) = [p for p in explain(model, f"graph.{word}") if p.kind == "node"]
        for output, type in node.outputs.items():
            for axis, size in enumerate(type.axes):
                if isinstance(size, int):
                    assert summands(page.sections["sizes"], f"{output}[{axis}]") == size
        for row in page.sections["parameters"]:
            assert (row["origin"] == DEFAULT) <= (row["value"] == row["default"])


def summands(rows: Any, axis: str) -> int:
    """The sum below the row of that axis; its own size if it has no others."""
    start = next(i for i, row in enumerate(rows) if row["axis"] == axis)
    below = []
    for row in rows[start + 1 :]:
        if row["axis"]:
            break
        below.append(row["size"])
    return sum(below) if below else rows[start]["size"]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("search", ["node"]),
        ("head", ["nodes"]),
        ("head.norm", ["node"]),
        ("search.k", ["parameter of a node"]),
        ("search.weights", ["output of a node"]),
        ("search.values", ["input of a node"]),
        ("item", ["feature"]),
        ("behaviors", ["sequence"]),
        ("behaviors.time", ["feature"]),
        ("features.item", ["feature"]),
        ("click", ["label", "task"]),
        ("tasks.click", ["task"]),
        ("labels.click", ["label"]),
        ("auxiliary", ["loss"]),
        ("losses.auxiliary", ["loss"]),
        ("ctr_head", ["composite"]),
        ("attention.item", ["table"]),
        ("attention", ["table"] * 3),
        ("$top_k", ["parameter"]),
        ("top_k", ["parameter"]),
        ("params.top_k", ["parameter"]),
        ("train", ["setting"]),
        ("train.optimizer.sparse.rowwise_adagrad.lr", ["setting"]),
        ("kernels", ["setting"]),
        ("data.generate.planted_interests.stay", ["setting"]),
    ],
)
def test_kinds_of_things(name: str, kinds: list[str]) -> None:
    assert [page.kind for page in explain(checked("dare"), name)] == kinds


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("serch", "did you mean `search`?"),
        ("search.kk", "did you mean `search.k`?"),
        ("behaviors.itm", "did you mean `behaviors.item`?"),
        ("train.epoch", "did you mean `train.epochs`?"),
        ("graph.item", "did you mean `item`?"),
        ("graph.serch", "did you mean `search`?"),
        ("$topk", "known:"),
        ("$", "known:"),
        ("", "known:"),
    ],
)
def test_an_unknown_name_is_told(word: str, help: str) -> None:
    with pytest.raises(Unexplained) as error:
        explain(checked("dare"), word)
    assert error.value.help.startswith(help)


def values(page: Any, section: str, key: str) -> dict[str, Any]:
    return {row[key]: row for row in page.sections[section]}


def test_parameters_name_default_file_variant_card_and_option() -> None:
    found, _ = check_model("dare", variants=["paper"], sets=["graph.head.hidden=[9]", "train.seed=5"])
    assert found is not None
    (norm,) = explain(found, "head.norm")
    assert values(norm, "parameters", "parameter")["affine"]["origin"] == "default"
    (seed,) = explain(found, "train.seed")
    assert seed.sections["value"][0] == {"value": 5, "origin": "--set", "default": 1}
    (size,) = explain(found, "data.batch_size")
    assert size.sections["value"][0]["origin"].startswith("variant paper, ")
    (head,) = explain(found, "head")
    assert values(head, "written", "what")["hidden"]["origin"] == "--set"
    (item,) = explain(found, "item")
    assert item.sections["written"][0]["origin"].startswith("card planted_interests:")
    (statistics,) = explain(found, "$statistics")
    assert statistics.sections["value"][0]["origin"].startswith("variant paper, ")
    assert "graph.head.statistics" in values(statistics, "used by", "name")


REUSE = """
  a: {block: embed, in: [item, category], dim: 4}
  deep: {block: linear, in: a, out: 8, repeat: 3}
  gate: {block: linear, in: deep, out: 2, each: {task: [x, y]}}
  side: {block: linear, in: deep, out: 5}
  twin: {share: side, in: a}
  logit: {block: linear, in: [gate.*, side, twin], out: 1}
  lost: {block: linear, in: a, out: 3}
"""


def test_chains_families_shared_weights_and_nodes_that_are_left_out() -> None:
    found, report = check_model(model_text(REUSE, "tasks: {click: {logits: logit, loss: bce}}"))
    assert found is not None, str(report)
    (deep,) = explain(found, "deep")
    assert [row["name"] for row in deep.sections["nodes"]] == ["deep_0", "deep_1", "deep_2"]
    (gate,) = explain(found, "gate")
    assert [row["name"] for row in gate.sections["nodes"]] == ["gate.x", "gate.y"]
    (twin,) = explain(found, "twin")
    assert values(twin, "written", "what")["weights"]["value"] == "of side"
    (lost,) = explain(found, "lost")
    assert "nothing reads it" in values(lost, "written", "what")["left out"]["value"]
