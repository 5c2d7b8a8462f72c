"""`ls` lists what is selected."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blockrec.graph.compile import check_model
from blockrec.graph.written import written_nodes


@pytest.fixture(scope="module")
def nodes() -> Any:
    checked, _ = check_model("dare")
    assert checked is not None
    return written_nodes(checked.graph)


def test_every_node_has_a_line(blockrec: Any, nodes: Any) -> None:
    ended = blockrec("ls", "dare")
    head, *lines = ended.out.splitlines()
    assert head.split() == ["node", "block", "inputs", "gives", "params", "FLOPs", "in", "place"]
    assert [line.split()[:2] for line in lines] == [[node.name, node.block] for node in nodes.values()]
    assert "19 of 19 nodes" in ended.err


def test_json_has_all_numbers(blockrec: Any, nodes: Any) -> None:
    for found in json.loads(blockrec("ls", "dare", "--json").out):
        node = nodes[found["name"]]
        assert (found["parameters"], found["flops"], found["bytes"]) == (node.parameters, node.flops, node.bytes)
        assert found["inputs"] == {port: list(values) for port, values in node.inputs.items()}


def test_selection_variants_and_sets_reach_it(blockrec: Any) -> None:
    found = json.loads(blockrec("ls", "dare", "+score", "block:mlp", "--exclude", "dense_head.*", "--json").out)
    assert [node["name"] for node in found] == ["query", "query_position", "keys", "keys_position", "score", "head.mlp"]
    chosen = ("--variant", "no_aux", "--set", "graph.head.hidden=[7]")
    (mlp,) = json.loads(blockrec("ls", "dare", "block:mlp", *chosen, "--json").out)
    assert mlp["params"]["hidden"] == [7]


def test_the_kernel_is_shown_where_one_is_asked_for(blockrec: Any) -> None:
    out = blockrec("ls", "dare", "search", "dense", "--set", "graph.search.kernel=reference").out
    head, search, dense = out.splitlines()
    assert head.split()[-3:] == ["kernel", "in", "place"]
    assert search.split()[-1] == "reference"
    assert dense.split()[-2:] == ["5.05k", "values"]


def test_ports_that_read_tables_are_shown(blockrec: Any) -> None:
    found = {n["name"]: n["fused"] for n in json.loads(blockrec("ls", "dare", "--json").out) if n["fused"]}
    assert found == {"score": ["keys", "keys_position"], "search": ["values"], "dense": ["values"]}
    assert "in place" not in blockrec("ls", "dare", "--set", "fuse=false").out


def test_a_misspelt_selection_is_wrong_usage(blockrec: Any) -> None:
    ended = blockrec("ls", "dare", "serch")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "error: there is no node `serch`\n  = help: did you mean `search`?\n"


def test_nothing_selected_is_no_mistake(blockrec: Any) -> None:
    ended = blockrec("ls", "dare", "score,head.mlp")
    assert (ended.code, ended.out) == (0, "") and ended.err.startswith("0 of 19 nodes")
    assert json.loads(blockrec("ls", "dare", "score,head.mlp", "--json").out) == []
