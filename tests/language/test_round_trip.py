"""A resolved file is the same model: same graph, same code, same weights, for all variants and pairs of them."""

from __future__ import annotations

from itertools import combinations

import pytest
import yaml

from blockrec.graph.compile import check, compile
from blockrec.language.files import packaged_models


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
