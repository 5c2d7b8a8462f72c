"""Encoders of histories: any can stand for any other, and what each says of order, of positions and of its parts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import blockrec
from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import check
from blockrec.jagged import Jagged, offsets_of
from blockrec.registry import catalogue
from blockrec.signature import Signature

LENGTHS = [4, 0, 1, 6, 3]
ORDERLESS: dict[str, dict[str, Any]] = {
    "din": {},
    "simple_attention": {},
    "pooling": {},
    "self_attention": {"heads": 2, "width": 6},
    "sdim": {},
    "bst": {"position": "none", "layers": 2, "pooling": "mean"},
}
"""The order of the steps makes no difference to them."""
CAUSAL: dict[str, dict[str, Any]] = {
    "bst": {"causal": True, "layers": 2, "count": "start"},
    "hstu_encoder": {},
    "transformer": {"causal": True},
}
"""Their steps do not depend on later ones."""
CUT: dict[str, dict[str, Any]] = {
    "din": {},
    "simple_attention": {},
    "pooling": {},
    "self_attention": {},
    "bst": {"count": "start"},
}
"""They read the first steps of a history only, if told to."""


def is_encoder(signature: Signature) -> bool:
    ports = {port.name: port for port in signature.ports}
    return {"query", "keys"} <= ports.keys() and ports["keys"].jagged and signature.outputs[0].dims[:1] == ("b",)


def encoders() -> dict[str, Signature]:
    """Every block that makes one vector of a query and keys, with no other input and no parameter to give."""
    own = {name: entry.signature for name, entry in catalogue().items() if entry.module.startswith("blockrec.")}
    plain = {n: s for n, s in own.items() if is_encoder(s) and {*s.required_ports} <= {"query", "keys"}}
    return {name: s for name, s in plain.items() if not s.schema["required"] and not s.outputs[0].jagged}


def made(name: str, params: dict[str, Any], q: int = 4, d: int = 4) -> Any:
    torch.manual_seed(0)
    entry = catalogue()[name]
    axes = {axis: {"q": q, "d": d}[axis] for axis in entry.signature.axes if axis in "qd"}
    module: nn.Module = entry.load()(**axes, **params)
    return module.double().eval()


def encoded(module: Any, query: Tensor, keys: Jagged) -> Any:
    return module(**{k: v for k, v in {"query": query, "keys": keys, "x": keys}.items() if k in inputs_of(module)})


def inputs_of(module: Any) -> set[str]:
    return {*module.forward.__annotations__}


def vector(found: Any) -> Tensor:
    out: Tensor = found if isinstance(found, Tensor) else found.out
    return out


def given(lengths: list[int] = LENGTHS, q: int = 4) -> tuple[Tensor, Jagged]:
    torch.manual_seed(1)
    steps = Jagged(torch.randn(sum(lengths), 4).double(), offsets_of(torch.tensor(lengths)), max(lengths))
    return torch.randn(len(lengths), q).double(), steps


def by_row(keys: Jagged) -> list[Tensor]:
    return list(torch.split(keys.values, keys.lengths.tolist()))


FILE = """
blockrec: 1
name: small
features:
  item: {vocab: 30}
  user: {vocab: 9}
  clicks: {max_len: 9, fields: {item: {like: item}}}
  views: {max_len: 9, fields: {item: {like: item}}}
labels: [click]
graph:
  target: {block: embed, in: item, dim: 8}
  history: {block: embed, in: clicks, dim: 8}
  others: {block: embed, in: views, dim: 8}
  interest: {block: din, in: {query: target, keys: history}}
  logit: {block: linear, in: [target, interest], out: 1}
tasks: {click: {logits: logit, loss: bce}}
outputs: {interest: interest}
"""


@pytest.mark.parametrize("name", encoders())
def test_one_line_puts_an_encoder_where_another_one_was(name: str) -> None:
    model = blockrec.compile(FILE, sets=[f"graph.interest={{block: {name}}}"])
    steps = Jagged(torch.randint(0, 30, (14,)), offsets_of(torch.tensor(LENGTHS)), 6)
    result = model({"item": torch.arange(5), "clicks.item": steps, "click": torch.ones(5)})
    assert result["interest"].shape[0] == 5 and result["loss"].isfinite()


def test_those_are_the_encoders() -> None:
    wanted = {"din", "simple_attention", "pooling", "self_attention", "multi_window_din", "hstu_encoder", "bst"}
    assert wanted <= encoders().keys()


@pytest.mark.parametrize("name", [name for name, signature in encoders().items() if "q" in signature.at_most])
def test_a_query_wider_than_the_keys_is_shown_with_both_places(name: str) -> None:
    sets = [f"graph.interest={{block: {name}}}", "graph.interest.in.query=[target, target]"]
    (error,) = check(FILE, sets=sets)[2].errors
    assert (error.code, error.label) == ("E310", "[..., 16], but `q` is at most `d`, which is 8")
    assert [text for _, text in error.notes] == ["`d` = 8 comes from here", "16 = item 8 + item 8"]


@pytest.mark.parametrize("name", [name for name, signature in encoders().items() if signature.port("values")])
def test_keys_and_values_of_different_sequences_are_shown_with_both_places(name: str) -> None:
    report: Diagnostics = check(FILE, sets=[f"graph.interest={{block: {name}}}", "graph.interest.in.values=others"])[2]
    (error,) = report.errors
    assert error.code == "E316"
    assert [text for _, text in error.notes] == ["`t` = clicks comes from here", "views comes from here"]


@pytest.mark.parametrize("name", [name for name, signature in encoders().items() if "q" in signature.at_most])
def test_a_narrow_query_is_padded_with_zeros(name: str) -> None:
    narrow, wide = made(name, {}, q=2), made(name, {})
    wide.load_state_dict(narrow.state_dict())
    query, keys = given(q=2)
    padded = nn.functional.pad(query, (0, 2))
    torch.testing.assert_close(vector(encoded(narrow, query, keys)), vector(encoded(wide, padded, keys)))


@pytest.mark.parametrize("name", ORDERLESS)
def test_the_order_of_steps_makes_no_difference(name: str) -> None:
    module, (query, keys) = made(name, ORDERLESS[name]), given()
    turned = keys.like(torch.cat([row.flip(0) for row in by_row(keys)]))
    torch.testing.assert_close(vector(encoded(module, query, turned)), vector(encoded(module, query, keys)))


@pytest.mark.parametrize("name", CAUSAL)
def test_steps_do_not_depend_on_later_ones(name: str) -> None:
    module, (query, keys) = made(name, CAUSAL[name]), given()
    changed = keys.like(keys.values.clone())
    last = keys.offsets[1:][keys.lengths > 0] - 1
    changed.values[last] += 1
    first, second = (encoded(module, query, x) for x in (keys, changed))
    a, b = ((x if isinstance(x, Jagged) else x.steps) for x in (first, second))
    extra = int(a.lengths[1])  # a target behind each history
    same = torch.cat([torch.arange(n + extra) < n - 1 for n in LENGTHS])
    torch.testing.assert_close(a.values[same], b.values[same], rtol=0, atol=0)
    assert a.values[~same].ne(b.values[~same]).any(1).sum() >= 4


@pytest.mark.parametrize("name", CUT)
def test_what_is_beyond_the_first_steps_is_not_read(name: str) -> None:
    module, (query, keys) = made(name, {"max_len": 3, **CUT[name]}), given()
    short = Jagged(torch.cat([row[:3] for row in by_row(keys)]), offsets_of(keys.lengths.clamp(max=3)), 3)
    torch.testing.assert_close(vector(encoded(module, query, keys)), vector(encoded(module, query, short)))


def test_self_attention_is_torchs_over_each_history() -> None:
    module, (query, keys) = made("self_attention", {"heads": 2, "width": 4}), given()
    theirs = nn.MultiheadAttention(4, 2, batch_first=True).double()
    parts = [getattr(module.heads, name) for name in ("query", "key", "value")]
    theirs.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
    theirs.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
    theirs.out_proj.load_state_dict(module.heads.out.state_dict())
    found = encoded(module, query, keys)
    rows = [theirs(row[None], row[None], row[None])[0][0] for row in by_row(keys) if len(row)]
    torch.testing.assert_close(found.steps.values, torch.cat(rows))
    torch.testing.assert_close(found.out[keys.lengths > 0], torch.stack([row.mean(0) for row in rows]))


def test_a_transformer_layer_is_torchs_over_each_history() -> None:
    module, (query, keys) = made("transformer", {"heads": 2, "feed_forward": 5, "activation": "relu"}), given()
    theirs = nn.TransformerEncoderLayer(4, 2, 5, dropout=0, batch_first=True).double()
    parts = [getattr(module.heads, name) for name in ("query", "key", "value")]
    theirs.self_attn.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
    theirs.self_attn.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
    for mine, other in {
        module.heads.out: theirs.self_attn.out_proj,
        module.network[0]: theirs.linear1,
        module.network[2]: theirs.linear2,
        module.norms[0]: theirs.norm1,
        module.norms[1]: theirs.norm2,
    }.items():
        other.load_state_dict(mine.state_dict())
    rows = [theirs(row[None])[0] for row in by_row(keys) if len(row)]
    torch.testing.assert_close(encoded(module, query, keys).values, torch.cat(rows))


def test_values_that_are_given_are_pooled_by_the_weights_of_the_keys() -> None:
    query, keys = given()
    values = keys.like(torch.randn(len(keys.values), 2).double())
    for name in ("din", "simple_attention"):
        module = made(name, {"max_len": 3})
        found = module(query, keys, values)
        weights = module(query, keys).weights.values
        wanted = torch.zeros(5, 2).double().index_add(0, keys.rows, weights[:, None] * values.values)
        torch.testing.assert_close(found.out, wanted)
    windows = made("multi_window_din", {"windows": [2, 3]})
    torch.testing.assert_close(windows(query, keys, keys), windows(query, keys))
