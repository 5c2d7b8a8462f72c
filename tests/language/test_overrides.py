"""Variants and `--set`: what they may change, and where a mistake is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blockrec.diagnostics import Diagnostics
from blockrec.language.document import Document, load
from blockrec.language.overrides import read_override

SETS = [
    ("params.dim=3", []),
    ("params.hidden=[3]", []),
    ("train.optimizer.dense.adam.lr=1e-2", []),
    ("graph.head.hidden=[3]", []),
    ("graph.head.dropout=0.5", []),
    ("graph.more={block: mlp, in: head}", []),
    ("graph.head={block: mlp}", []),
    ("losses.aux=null", []),
    ("outputs.emb=target", []),
    ("features.user.vocab=30", []),
    ("features.age={dense: 1}", []),
    ("features.behaviors.fields.time={raw: int64}", []),
    ("tasks.click.loss.block=bce", []),
    ("params.dimm=3", ["E110 1:8 --set"]),
    ("parms.dim=3", ["E110 1:1 --set"]),
    ("graph.hed.hidden=[3]", ["E110 1:7 --set"]),
    ("graph.hed=null", ["E110 1:7 --set"]),
    ("graph.head.width=null", ["E110 1:12 --set"]),
    ("graph.head.hidden.0=3", ["E110 1:19 --set"]),
    ("features.usr.dim=3", ["E110 1:10 --set"]),
    ("features.behaviors.fields.itm.dim=3", ["E110 1:27 --set"]),
    ("losses.ax.weight=3", ["E110 1:8 --set"]),
    ("tasks.clik.weight=3", ["E110 1:7 --set"]),
    ("train.optimizer.dens.lr=1", ["E110 1:17 --set"]),
    ("train={epoch: 3}", ["E110 1:8 --set"]),
    ("dataset=x", ["E110 1:1 --set"]),
    ("variants.wide=null", ["E110 1:1 --set"]),
    ("train.epochs=three", ["E104 1:14 --set"]),
    ("params.dim={a: b: c", ["E001 1:17 --set"]),
    ("params.dim=[1, yes]", ["W002 1:16 --set"]),
    ("params.dim", ["E101 1:1 --set"]),
    ("=3", ["E101 1:1 --set"]),
    ("a..b=3", ["E101 1:1 --set"]),
    ("", ["E101 1:1 --set"]),
]


@pytest.mark.parametrize(("argument", "expected"), SETS)
def test_overrides(argument: str, expected: list[str], model: str, found: Callable[..., list[str]]) -> None:
    assert found(model, sets=[argument]) == expected


def test_suggestions_are_the_names_at_that_place(model: str) -> None:
    for argument, name in [("params.dimm=1", "dim"), ("graph.hed.x=1", "head"), ("train.epoch=1", "epochs")]:
        report = Diagnostics()
        load(model, report, sets=[argument])
        assert [d.help for d in report] == [f"did you mean `{name}`?"]


def test_overrides_apply_in_order_and_after_variants(model: str, loaded: Callable[..., Document]) -> None:
    assert loaded(model, variants=["wide"]).params["dim"] == 32
    assert loaded(model, variants=["wide"], sets=["params.dim=3", "params.dim=4"]).params["dim"] == 4
    both = loaded(model, variants=["deep", "wide"])
    assert both.params["dim"] == 32 and both.root["graph"]["head"]["hidden"] == [8, 8, 8]
    assert loaded(model, variants=["deep,wide"]).to_yaml() == both.to_yaml()


def test_variants(model: str, loaded: Callable[..., Document]) -> None:
    assert loaded(model, variants=["swap"]).root["graph"]["head"] == {"block": "linear", "in": "target", "out": 4}
    assert "aux" not in loaded(model, variants=["lean"]).root["losses"]
    assert loaded(model, variants=["fresh"]).params["width"] == 4
    gone = loaded(model, variants=["headless"]).root["graph"]
    assert list(gone) == ["target", "logit"] and gone.deleted["head"].text == "head"


WRONG_VARIANTS = [
    ("twn", ["E111 1:1 --variant"]),
    ("wide,twn", ["E111 1:1 --variant"]),
    ("{graph: {hed: {hidden: [3]}}}", ["E110 22:16"]),
    ("{graph: {hed: null}}", ["E110 22:16"]),
    ("{graph: {hed: {block: mlp, in: target}}}", []),
    ("{params: {dimm: 3}}", ["E110 22:17"]),
    ("{features: {item: {vocb: 3}}}", ["E110 22:26"]),
    ("{parms: {dim: 3}}", ["E110 22:8"]),
    ("{variants: {}}", ["E110 22:8"]),
    ("3", ["E101 22:7"]),
]


@pytest.mark.parametrize(("variant", "expected"), WRONG_VARIANTS)
def test_wrong_variants(variant: str, expected: list[str], model: str, found: Callable[..., list[str]]) -> None:
    if variant[0] in "{3":
        lines = model.splitlines()[:21]
        assert found("\n".join([*lines, f"  v0: {variant}", ""]), variants=["v0"]) == expected
    else:
        assert found(model, variants=[variant]) == expected


def test_the_patch_of_an_argument_knows_its_places() -> None:
    patch: Any = read_override("a.bc.d=[1, x]", Diagnostics())
    assert patch == {"a": {"bc": {"d": [1, "x"]}}}
    inner = patch["a"]["bc"]
    assert [patch.keys_at["a"].text, patch["a"].keys_at["bc"].text, inner.keys_at["d"].text] == ["a", "bc", "d"]
    assert inner.at["d"].text == "[1, x]" and inner["d"].at[1].text == "x"


def test_a_key_at_the_wrong_place_is_told_its_own(model: str) -> None:
    report = Diagnostics()
    load(model, report, sets=["train.lr=0.1"])
    assert [d.help for d in report] == ["`lr` belongs to `train.optimizer.dense.adam`"]
