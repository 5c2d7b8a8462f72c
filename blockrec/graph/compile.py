"""The door to the compiler: a model document → a checked graph → one torch module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blockrec.diagnostics import Diagnostics
from blockrec.graph.forms import CONCAT
from blockrec.graph.ir import Graph
from blockrec.graph.library import Library, read_library
from blockrec.graph.measured import Measured
from blockrec.graph.passes.classes import check_classes
from blockrec.graph.passes.expand import Expander
from blockrec.graph.passes.fuse import mark_fused
from blockrec.graph.passes.infer import infer_types
from blockrec.graph.passes.link import link
from blockrec.graph.passes.measure import measure
from blockrec.graph.passes.parameters import check_parameters
from blockrec.graph.passes.prune import prune_unused
from blockrec.graph.passes.recompute import mark_recomputed
from blockrec.graph.passes.share import share_lookups
from blockrec.graph.passes.tables import check_tables
from blockrec.graph.passes.tasks import expand_sinks
from blockrec.graph.passes.tied import check_tied
from blockrec.graph.passes.train import report_idle
from blockrec.graph.passes.unused import report_unused
from blockrec.language.document import Document, load
from blockrec.language.features import AUTO
from blockrec.language.sweep import Point

if TYPE_CHECKING:
    from blockrec.graph.lower import Model

ModelSource = str | Path | Mapping[str, Any]


@dataclass(frozen=True)
class Checked:
    """A document that went through every pass without tensors; `graph` is what `viz` draws and `lower` builds.

    whole: the graph with the nodes that were pruned; measured: what is known of the block of each node.
    """

    document: Document
    library: Library
    graph: Graph
    kernels: str
    whole: Graph
    measured: Mapping[str, Measured]


def check(
    model: ModelSource,
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | None = None,
    imports: Iterable[str | Path] = (),
    report: Diagnostics | None = None,
    point: Point | None = None,
    trusted: bool = True,
) -> tuple[Document | None, Graph | None, Diagnostics]:
    """Every pass but lowering, on a path, a packaged model's name, YAML text or a mapping.

    point: of the file's sweep. trusted: False runs none of the file's code and reads nothing outside of its folder, as
    `load` says. Returns the document, the graph (None after an error) and all diagnostics; raises
    nothing for a user's mistake.
    """
    report = report if report is not None else Diagnostics()
    document = load(model, report, variants=variants, sets=sets, data=data, point=point, trusted=trusted)
    checked = check_document(document, imports, report) if document is not None else None
    return document, checked.graph if checked and not report.failed else None, report


def check_model(
    model: ModelSource,
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | None = None,
    imports: Iterable[str | Path] = (),
    trusted: bool = True,
) -> tuple[Checked | None, Diagnostics]:
    """As `check`, with all that the passes know; None after an error."""
    report = Diagnostics()
    document = load(model, report, variants=variants, sets=sets, data=data, trusted=trusted)
    checked = check_document(document, imports, report) if document is not None else None
    return None if report.failed else checked, report


def compile(
    model: ModelSource,
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | None = None,
    imports: Iterable[str | Path] = (),
    vocabularies: Mapping[str, int] | None = None,
) -> Model:
    """The torch module of a model document.

    vocabularies: rows of the tables declared `vocab: auto`, by root feature. Raises `BlockrecError` with every
    mistake that was found.
    """
    report = Diagnostics()
    document = load(model, report, variants=variants, sets=sets, data=data)
    report.raise_errors()
    assert document is not None
    checked = check_document(document, imports, report)
    report.raise_errors()
    return build(with_sizes(checked, vocabularies or {}))


def check_document(document: Document, imports: Iterable[str | Path], report: Diagnostics) -> Checked:
    """The passes from `resolve` to `prune`; errors are in the report, the graph is then incomplete."""
    library = read_library(document, imports, report)
    expander = Expander(document, library, report)
    nodes = expander.nodes_of_graph()
    losses, sinks = expand_sinks(expander)
    features = document.features
    graph = Graph(
        document.name, features.features, features.labels, {**nodes, **losses}, sinks, str(document.root.get("doc", ""))
    )
    graph = check_parameters(graph, report)
    graph = link(graph, library.entries[CONCAT].signature, report)
    graph = check_tables(graph, report)
    graph = infer_types(graph, library, report)
    check_classes(graph, report)
    graph = check_tied(graph, report)
    graph = mark_recomputed(graph, document.evaluated("train"), report)
    whole, measured = measure(graph, library, features.sequences, report)
    graph = prune_unused(whole, None if report.failed else report)
    kernels = str(document.root.get("kernels", "auto"))
    if document.root.get("fuse") is not False:
        graph = mark_fused(graph, kernels)
    if not report.failed:
        report_idle(graph, measured, report)
    if not (report.failed or document.patched):
        report_unused(document, report)
    return Checked(document, library, graph, kernels, whole, measured)


def with_sizes(checked: Checked, vocabularies: Mapping[str, int]) -> Checked:
    """The tables declared `vocab: auto` with the rows that the data has; by root feature."""
    sized = {
        name: replace(feature, vocab=vocabularies.get(feature.root, AUTO)) if feature.vocab == AUTO else feature
        for name, feature in checked.graph.features.items()
    }
    return replace(checked, graph=replace(checked.graph, features=sized))


def build(checked: Checked) -> Model:
    """Share and fuse lookups, bind kernels and lower a graph that was checked without errors. E108: no size known."""
    from blockrec.graph.lower import lower

    return lower(share_lookups(checked.graph), checked.library, checked.kernels)
