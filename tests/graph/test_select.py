"""The selection language: laws over every model of the zoo, and what each form means."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from blockrec.graph.compile import check_model
from blockrec.graph.ir import Graph
from blockrec.graph.select import Selection, SelectionError, select
from tests.models import EVERYTHING, NAMES


@cache
def graph(name: str) -> Graph:
    checked, report = check_model(name)
    assert checked is not None, str(report)
    return checked.graph


@cache
def selection(name: str) -> Selection:
    return Selection(graph(name))


@pytest.mark.parametrize("name", [*NAMES, EVERYTHING])
def test_steps_grow_until_they_reach_everything(name: str) -> None:
    all_of = selection(name)
    for node in all_of.nodes:
        for plus in (lambda n, node=node: f"{n}+{node}", lambda n, node=node: f"{node}+{n}"):
            sets = [all_of.union(plus(n)) for n in (0, 1, 2, 3, len(all_of.nodes))]
            assert sets[0] == {node}
            assert all(a <= b for a, b in pairwise(sets))
            assert sets[-1] == all_of.union(plus(""))


@pytest.mark.parametrize("name", [*NAMES, EVERYTHING])
def test_above_and_below_mirror_each_other(name: str) -> None:
    all_of = selection(name)
    above = {node: all_of.union(f"+{node}") for node in all_of.nodes}
    below = {node: all_of.union(f"{node}+") for node in all_of.nodes}
    for a in all_of.nodes:
        assert all_of.union(f"+{a}+") == above[a] | below[a]
        assert all_of.union(f"@{a}") == {x for b in below[a] for x in above[b]}
        assert {b for b in all_of.nodes if a in above[b]} == below[a]


@pytest.mark.parametrize("name", [*NAMES, EVERYTHING])
def test_ancestors_are_those_of_the_graph(name: str) -> None:
    for node in selection(name).nodes:
        assert set(select(graph(name), f"+{node}")) == graph(name).ancestors({*select(graph(name), node)})


@pytest.mark.parametrize("name", [*NAMES, EVERYTHING])
def test_words_add_up_commas_intersect_and_exclude_takes_away(name: str) -> None:
    whole, nodes = graph(name), [*selection(name).nodes]
    assert select(whole, "") == [*whole.nodes]
    for a, b in zip(nodes, reversed(nodes), strict=True):
        one, two = set(select(whole, f"+{a}")), set(select(whole, f"{b}+"))
        assert set(select(whole, f"+{a} {b}+")) == one | two
        assert set(select(whole, f"+{a},{b}+")) == one & two
        assert set(select(whole, f"+{a}", exclude=f"{b}+")) == one - two


@pytest.mark.parametrize("name", [*NAMES, EVERYTHING])
def test_methods_divide_the_nodes(name: str) -> None:
    whole = graph(name)
    blocks = {node.block for node in selection(name).nodes.values()}
    found = [set(select(whole, f"block:{block}")) for block in blocks]
    assert sorted(n for nodes in found for n in nodes) == sorted(whole.nodes)
    lookups = {n.name for n in whole.nodes.values() if n.role == "lookup"}
    tables = " ".join({f"table:{table}" for table, _ in whole.tables()})
    assert lookups <= set(select(whole, tables))


FAMILIES = """
  query: {block: embed, in: [item, category], dim: 4}
  gate: {block: linear, in: query, out: 8, each: {task: [a, b]}}
  deep: {block: linear, in: query, out: 8, repeat: 2}
  steps: {block: embed, in: behaviors.item, dim: 4}
  mean: {block: mean_pool, in: steps, kernel: reference}
  all: {block: linear, in: [gate.*, deep, mean], out: 1}
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("gate", ["gate.a", "gate.b"]),
        ("gate.a", ["gate.a"]),
        ("*.b", ["gate.b"]),
        ("deep", ["deep_0", "deep_1"]),
        ("deep_1", ["deep_1"]),
        ("1+deep_1", ["deep_0", "deep_1"]),
        ("block:lin*,feature:item+", ["gate.a", "gate.b", "deep_0", "deep_1", "all"]),
        ("feature:behaviors", ["steps"]),
        ("kernel:reference", ["mean"]),
        ("task:click", ["all"]),
        ("query mean", ["query", "mean"]),
    ],
)
def test_what_a_word_stands_for(checked: Any, text: str, names: list[str]) -> None:
    found, report = checked(FAMILIES, "tasks: {click: {logits: all, loss: bce}}")
    assert found is not None, str(report)
    assert {n.partition("/")[0] for n in select(found, text)} == set(names)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("serch", "did you mean `search`?"),
        ("+serch", "did you mean `search`?"),
        ("hed", "did you mean `head`?"),
        ("block:mpl", "did you mean `mlp`?"),
        ("feature:itm", "did you mean `item`?"),
        ("blok:mlp", "did you mean `block`?"),
        ("zzz.*", "known: query"),
        ("++", "e.g. `search`"),
    ],
)
def test_a_word_without_meaning_is_told(text: str, help: str) -> None:
    with pytest.raises(SelectionError) as error:
        select(graph("dare"), text)
    assert error.value.help.startswith(help)
