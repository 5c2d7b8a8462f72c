"""Order and ancestors of random graphs, beside networkx."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from blockrec.graph.ir import Graph
from blockrec.graph.order import in_order
from tests.graphs import wired

PAIRS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30)


def graph(pairs: list[tuple[int, int]]) -> Graph:
    """Nodes n0 to n11; (a, b): the second reads the first, also twice."""
    return wired("random", {f"n{i}": ["price", *(f"n{a}" for a, b in pairs if b == i)] for i in range(12)}, "n0")


@given(PAIRS)
def test_the_order_is_the_first_that_keeps_the_order_of_the_file(pairs: list[tuple[int, int]]) -> None:
    found = graph([(min(p), max(p)) for p in pairs if p[0] != p[1]][::-1])
    place = {name: i for i, name in enumerate(found.nodes)}
    assert in_order(found.nodes) == list(nx.lexicographical_topological_sort(found.digraph(), key=place.__getitem__))


@given(PAIRS)
def test_only_what_depends_on_a_cycle_is_missing(pairs: list[tuple[int, int]]) -> None:
    found = graph(pairs)
    reads = found.digraph()
    cyclic = {n for part in nx.strongly_connected_components(reads) for n in part if len(part) > 1}
    cyclic |= {n for n in reads if reads.has_edge(n, n)}
    assert set(found.nodes) - set(in_order(found.nodes)) == cyclic.union(*(nx.descendants(reads, n) for n in cyclic))


@given(PAIRS, st.sets(st.integers(0, 11), max_size=3))
def test_ancestors(pairs: list[tuple[int, int]], starts: set[int]) -> None:
    found, names = graph(pairs), {f"n{i}" for i in starts}
    assert found.ancestors(names) == names.union(*(nx.ancestors(found.digraph(), n) for n in names))
