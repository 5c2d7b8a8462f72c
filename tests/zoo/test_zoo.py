"""Every zoo file and each of its variants: checked, compiled, able to learn one batch, saved, loaded, drawn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.diagnostics import Diagnostics, Source
from blockrec.graph.compile import check
from blockrec.graph.ir import Graph
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged, offsets_of
from blockrec.language.document import load
from blockrec.language.files import packaged_cards, packaged_models
from blockrec.language.layers import all_variants, read_chain
from blockrec.language.source import read_map
from blockrec.language.trust import OPEN
from blockrec.viz import mermaid, svg, text
from tests.data.cards.opened import LACKS
from tests.models import variants as own_variants

PROFILE = "cms_segid cms_group gender age consumption shopping student city campaign customer brand pid"
SIZES = {"user": 40, "item": 60, "category": 9, **dict.fromkeys(PROFILE.split(), 6)}
OWN = {"multi_tower_din_taobao": "taobao_ad"}
"""Models of one card."""
SAMPLES, STEPS = 12, 7


def variants_of(path: Path) -> list[str]:
    file = read_map(Source(str(path), path.read_text("utf-8")), Diagnostics())
    assert file is not None
    return list(all_variants(read_chain(file, OPEN, Diagnostics())))


def cases() -> Iterator[Any]:
    """Every file with each of its variants; those that it has from the file that it extends are nightly."""
    for name, path in packaged_models().items():
        yield pytest.param(name, ())
        for variant in variants_of(path):
            inherited = () if variant in own_variants(name) else (pytest.mark.nightly,)
            yield pytest.param(name, (variant,), marks=inherited)


def shown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "+".join(value)


CASES = pytest.mark.parametrize(("name", "variants"), list(cases()), ids=shown)


@cache
def first(name: str, variants: tuple[str, ...]) -> tuple[Model, dict[str, Tensor]]:
    """A model, compiled once for all tests, and its first state."""
    torch.manual_seed(0)
    model = blockrec.compile(name, variants=variants, vocabularies=SIZES)
    return model, {path: value.clone() for path, value in model.state_dict().items()}


def compiled(name: str, variants: tuple[str, ...]) -> Model:
    model, state = first(name, variants)
    model.load_state_dict(state)
    model.zero_grad(set_to_none=True)
    return model.train()


def batch_of(graph: Graph) -> dict[str, Tensor | Jagged]:
    """Random values of the right types for what the model reads; sample 3 has no history."""
    g = torch.Generator().manual_seed(1)
    lengths = torch.randint(1, STEPS + 1, (SAMPLES,), generator=g)
    lengths[3] = 0
    frame = Jagged(torch.zeros(int(lengths.sum())), offsets_of(lengths), STEPS)
    batch: dict[str, Tensor | Jagged] = {}
    for name in graph.used_features():
        if name in graph.labels:
            batch[name] = torch.randint(0, 2, (SAMPLES,), generator=g).float()
            continue
        feature = graph.features[name]
        count = frame.values.shape[0] if feature.sequence else SAMPLES
        if feature.kind == "dense":
            values = torch.randn(count, feature.width, generator=g)
        else:
            assert isinstance(feature.vocab, int)
            values = torch.randint(0, feature.vocab, (count,), generator=g)
        batch[name] = frame.like(values) if feature.sequence else values
    return batch


@CASES
def test_it_checks_without_a_word(name: str, variants: tuple[str, ...]) -> None:
    _, graph, report = check(name, variants=variants)
    assert graph is not None and str(report) == ""


@CASES
def test_it_learns_one_batch(name: str, variants: tuple[str, ...]) -> None:
    model = compiled(name, variants)
    batch = batch_of(model.graph_ir)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = model(batch)["loss"]
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


@CASES
def test_every_parameter_is_reached(name: str, variants: tuple[str, ...]) -> None:
    model = compiled(name, variants)
    model(batch_of(model.graph_ir))["loss"].backward()
    without = [path for path, p in model.named_parameters() if p.grad is None]
    assert without == []


@CASES
def test_its_state_is_all_there_is(name: str, variants: tuple[str, ...]) -> None:
    model, other = compiled(name, variants).eval(), blockrec.compile(name, variants=variants, vocabularies=SIZES).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    other.load_state_dict(model.state_dict())
    batch = batch_of(model.graph_ir)
    torch.testing.assert_close(flat(other(batch)), flat(model(batch)), rtol=0, atol=0)


def flat(results: dict[str, Tensor | Jagged]) -> dict[str, Tensor]:
    return {name: x.values if isinstance(x, Jagged) else x for name, x in results.items()}


@CASES
def test_the_resolved_file_is_the_same_model(name: str, variants: tuple[str, ...]) -> None:
    document = load(name, Diagnostics(), variants=variants)
    assert document is not None
    model, again = compiled(name, variants), blockrec.compile(document.to_yaml(), vocabularies=SIZES)
    assert again.code == model.code
    assert {k: v.shape for k, v in again.state_dict().items()} == {k: v.shape for k, v in model.state_dict().items()}


@CASES
def test_it_can_be_drawn(name: str, variants: tuple[str, ...]) -> None:
    _, graph, _ = check(name, variants=variants)
    assert graph is not None
    written = {path.split(".")[-1] for path, node in graph.nodes.items() if "/" not in path and node.role != "loss"}
    for draw in (svg, mermaid, text):
        drawn = draw(graph)
        assert all(name in drawn for name in written)


@pytest.mark.parametrize("card", packaged_cards())
@pytest.mark.parametrize("name", packaged_models())
def test_every_model_runs_on_every_card(name: str, card: str) -> None:
    document, graph, report = check(name, data=card)
    if card != OWN[name] if name in OWN else card in LACKS:
        assert {d.code for d in report.errors} <= {"E207", "E208"} and f"dataset card `{card}`" in str(report)
        return
    assert graph is not None and str(report) == ""
    assert document is not None and document.card == card


def test_a_missing_feature_names_the_card_and_the_line_of_the_model(tmp_path: Path) -> None:
    card = tmp_path / "poor.yaml"
    card.write_text("blockrec: 1\nfeatures: {item: {vocab: 9}}\nlabels: [click]\ndata: {events: log.csv}\n", "utf-8")
    model = tmp_path / "model.yaml"
    model.write_text(
        "blockrec: 1\nname: small\ndataset: planted_interests\ngraph:\n"
        "  target: {block: embed, in: [item, category], dim: 4}\n  logit: {block: linear, in: target, out: 1}\n"
        "tasks: {click: {logits: logit, loss: bce}}\n",
        "utf-8",
    )
    assert str(check(model)[2]) == ""
    (error,) = check(model, data=str(card))[2].errors
    assert error.code == "E207" and error.at is not None
    assert (error.at.source.name, error.at.line + 1, error.at.text) == (str(model), 5, "category")
    assert "poor.yaml" in error.label
    now = model.read_text("utf-8").replace("graph:", "features: {now: {constant: 0, like: behaviors.position}}\ngraph:")
    model.write_text(now, "utf-8")
    assert not check(model)[2].failed
    unknown = check(model, data=str(card))[2].errors[0]
    assert unknown.code == "E208" and "poor.yaml" in unknown.label
