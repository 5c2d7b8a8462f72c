"""Least total length under difference constraints: the linear programme behind layers and coordinates.

Gansner et al., "A Technique for Drawing Directed Graphs", IEEE TSE 1993, sections 2.3 and 4.2.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import count

import networkx as nx


@dataclass
class Differences:
    """Constraints x_b − x_a ≥ distance over integers, each with a cost per unit of x_b − x_a."""

    pairs: dict[tuple[Hashable, Hashable], tuple[int, int]] = field(default_factory=dict)
    fresh: count[int] = field(default_factory=count)

    def add(self, a: Hashable, b: Hashable, distance: int, cost: int = 0) -> None:
        """Ask for x_b ≥ x_a + distance; the same pair again asks for both."""
        old = self.pairs.get((a, b), (distance, 0))
        self.pairs[a, b] = (max(distance, old[0]), cost + old[1])

    def attract(self, a: Hashable, b: Hashable, offset: int, cost: int) -> None:
        """Charge cost · |x_b + offset − x_a|."""
        helper = ("between", next(self.fresh))
        bias = abs(offset)
        self.add(helper, a, bias, cost)
        self.add(helper, b, bias - offset, cost)

    def solve(self) -> dict[Hashable, int]:
        """The cheapest solution (constraints must be free of cycles), each connected part starting at 0."""
        network: nx.DiGraph[Hashable] = nx.DiGraph()
        demand: dict[Hashable, int] = {}
        for (a, b), (distance, cost) in self.pairs.items():
            network.add_edge(a, b, weight=-distance)
            demand[a] = demand.get(a, 0) - cost
            demand[b] = demand.get(b, 0) + cost
        nx.set_node_attributes(network, demand, "demand")
        _, flow = nx.network_simplex(network)
        return self._potentials(flow)

    def _potentials(self, flow: dict[Hashable, dict[Hashable, int]]) -> dict[Hashable, int]:
        """Longest paths where a constraint with flow holds with equality (complementary slackness)."""
        residual: nx.DiGraph[Hashable] = nx.DiGraph()
        for (a, b), (distance, _) in self.pairs.items():
            _tighten(residual, a, b, -distance)
            if flow[a][b]:
                _tighten(residual, b, a, distance)
        root = object()
        residual.add_weighted_edges_from((root, node, 0) for node in list(residual))
        lengths = nx.single_source_bellman_ford_path_length(residual, root)
        return {node: -int(length) for node, length in lengths.items() if node is not root}


def _tighten(graph: nx.DiGraph[Hashable], a: Hashable, b: Hashable, weight: int) -> None:
    if not graph.has_edge(a, b) or graph[a][b]["weight"] > weight:
        graph.add_edge(a, b, weight=weight)
