"""A resolved file is the same model: same graph, same code, same weights, for all variants and pairs of them."""

from __future__ import annotations

from itertools import combinations

import pytest
import yaml

from blockrec.graph.compile import check, compile
from blockrec.language.files import packaged_models
from blockrec.language.resolved import resolved_text


def variants(name: str) -> list[str]:
    """Those that the file itself writes."""
    written = yaml.safe_load(packaged_models()[name].read_text()).get("variants", {})
    return [variant for variant, patch in written.items() if patch is not None]


ALONE = [(name, (v,) if v else ()) for name in packaged_models() for v in ["", *variants(name)]]
PAIRS = [(name, pair) for name in packaged_models() for pair in combinations(variants(name), 2)]


def unplaced(graph: object) -> object:
    """What a graph says, without places."""
    return [
        (name, node.block, node.params, node.axes, node.outputs, [(p, e.source, e.output) for p, e in node.edges()])
        for name, node in graph.nodes.items()  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize(("name", "chosen"), [*ALONE, *PAIRS], ids=str)
def test_the_graph_is_the_same(name: str, chosen: tuple[str, ...]) -> None:
    document, graph, report = check(name, variants=chosen)
    if graph is None:
        assert len(chosen) == 2 and report.failed  # the two do not combine
        return
    assert document is not None
    again, same, wrong = check(document.to_yaml())
    assert same is not None and again is not None, str(wrong)
    assert unplaced(same) == unplaced(graph)
    assert [(s.key, s.kind, s.edge.source, s.weight) for s in same.sinks] == [
        (s.key, s.kind, s.edge.source, s.weight) for s in graph.sinks
    ]
    assert again.to_yaml() == document.to_yaml()


@pytest.mark.parametrize(("name", "chosen"), ALONE, ids=str)
def test_the_module_is_the_same(name: str, chosen: tuple[str, ...]) -> None:
    document, graph, _ = check(name, variants=chosen)
    assert document is not None and graph is not None
    sizes = {feature.root: 50 for feature in graph.features.values()}
    one = compile(name, variants=chosen, vocabularies=sizes)
    two = compile(document.to_yaml(), vocabularies=sizes)
    assert one.code == two.code
    shapes = [{k: v.shape for k, v in m.state_dict().items()} for m in (one, two)]
    assert shapes[0] == shapes[1] and shapes[0]


COPIES = """
blockrec: 1
name: copies
params: {tasks: [click, buy], layers: 2}
features:
  item: {vocab: 30, init: {normal: 0.02}}
  user: {hash: 11, default: nobody}
  price: {buckets: [1, 5], dim: 4}
  tags: {vocab: 9, pool: mean}
  behaviors: {max_len: 6, fields: {item: {like: item}, hour: {calendar: hour, column: at, tz: Europe/Berlin}}}
labels: {click: {}, buy: {at_least: 4}, step: {column: behaviors.liked}, w: {type: float}}
blocks:
  layer:
    params: {hidden: required}
    in: {x: vec}
    graph: {up: {block: mlp, in: x, hidden: [$hidden]}, down: {block: linear, in: up, out: 16}}
    out: {out: down, inner: up}
graph:
  target: {block: embed, in: [item, user, price, tags], dim: 4}
  steps: {block: embed, in: behaviors, dim: 4}
  first: {block: linear, in: target, out: 16}
  deep: {block: layer, in: first, hidden: 24, repeat: $layers}
  tied: {block: layer, in: first, hidden: 8, repeat: {times: 2, share: true}}
  twin: {share: deep, in: tied}
  tower: {block: mlp, in: [twin, tied], hidden: [8], each: {task: $tasks}}
  logit: {block: linear, in: tower.$task, out: 1, each: {task: $tasks}}
  rated: {block: linear, in: steps, out: 1}
tasks:
  click: {logits: logit.click, loss: bce, sample_weight: w}
  buy: {logits: logit.buy, loss: {block: bce}, mask: click}
  step: {logits: rated, loss: bce}
outputs: {t: tower.click}
watch: {inner: deep_0.inner, t: {node: tower.buy, warn: std < 0.1 after 2 epochs}}
"""


def test_what_the_zoo_does_not_use_comes_back_too() -> None:
    document, graph, report = check(COPIES)
    assert graph is not None and document is not None, str(report)
    for again in (document.to_yaml(), resolved_text(document)):
        _, same, wrong = check(again)
        assert same is not None, str(wrong)
        assert unplaced(same) == unplaced(graph)
        assert [(s.key, s.edge.source, s.warn) for s in same.sinks] == [
            (s.key, s.edge.source, s.warn) for s in graph.sinks
        ]
        assert compile(again).code == compile(COPIES).code
