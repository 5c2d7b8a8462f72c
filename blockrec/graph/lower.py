"""Graph → one `torch.fx.GraphModule`: modules under readable paths, readable code."""

from __future__ import annotations

import keyword
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import torch
from torch import Tensor, fx, nn

from blockrec.diagnostics import fail
from blockrec.graph.casting import casting, widen_inputs
from blockrec.graph.initial import TABLE, initialise
from blockrec.graph.ir import Edge, Graph, Node, Sink
from blockrec.graph.library import Library
from blockrec.graph.passes.fuse import fuse_lookups
from blockrec.graph.passes.prune import only
from blockrec.graph.pooling import pooled
from blockrec.graph.recomputed import recomputed, recomputed_rows
from blockrec.jagged import rows
from blockrec.ops.looked_up import looked_up
from blockrec.ops.reading import Reading, read
from blockrec.ops.widening import widened
from blockrec.signature import Signature

PATH = "path"
"""Under which a node of the fx graph keeps the graph path of what it computes."""

TAKEN = frozenset(dir(nn.Module()))


class Model(fx.GraphModule):
    """A compiled model: `model(batch)` maps feature and label names to values, and returns its sinks by name.

    A task gives its logits [b, ...] under its name, a loss its scalar under `loss.<name>`, their weighted sum is
    `loss`, outputs have their own names, watched values `watch.<name>`. `model.code` is the forward pass as Python.
    precision: of products, `torch.bfloat16` or `torch.float16` for autocast.
    """

    graph_ir: Graph
    precision: torch.dtype = torch.float32

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results by name; with a 16-bit `precision` products are of it, results are 32-bit all the same."""
        with casting(self):
            results = super().__call__(*args, **kwargs)
        return results if self.precision is torch.float32 else {key: widened(x) for key, x in results.items()}

    def only(self, *names: str) -> Model:
        """The part that computes these results, by their keys; shares the parameters.

        `loss` stands for the total and all its terms; only losses read labels. Raises `KeyError` if there is no such
        result.
        """
        sinks = self.graph_ir.sinks
        offered = {s.key for s in sinks} | {"loss" for s in sinks if s.kind == "loss"}
        if missing := set(names) - offered:
            raise KeyError(f"no result {sorted(missing)}; there are {sorted(offered)}")
        return self._part(self.graph_ir, set(names))

    def computing(self, values: Mapping[str, Edge]) -> Model:
        """The part that computes these values of the graph, and returns them by these names; shares the parameters."""
        sinks = tuple(Sink(name, "output", edge) for name, edge in values.items())
        return self._part(replace(self.graph_ir, sinks=sinks), set(values))

    def _part(self, graph: Graph, names: set[str]) -> Model:
        part = assemble(only(graph, names), self)
        part.precision = self.precision
        return part

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        copied: Any = super().__deepcopy__(memo)
        copied.graph_ir, copied.precision = self.graph_ir, self.precision
        model: Model = copied
        return model


def module_path(node: Node, graph: Graph) -> str:
    """Where the module of a node lives: its table, `tasks.x`, `losses.x`, or `nodes.<path>`, of what it shares.

    What the compiler made, `head/x`, is `head_X`, and what torch calls something else, `type`, is `type_OWN`: names
    that no user can write.
    """
    if node.role == "lookup":
        return own_path(f"tables.{node.params['table']}.{graph.features[node.params['feature']].root}")
    path, _, made = (node.shares or node.name).partition("/")
    path = f"{path}_{made.replace('.', '_').upper()}" if made else path
    return own_path(path if node.role == "loss" else f"nodes.{path}")


def own_path(path: str) -> str:
    """The path without names that every module of torch has, such as `type` and `half`: no module in it can."""
    return ".".join(f"{part}_OWN" if part in TAKEN else part for part in path.split("."))


def lower(graph: Graph, library: Library, kernels: str = "auto") -> Model:
    """Instantiate every block and table of a checked graph whose tables have sizes, and wire them.

    Parameters and their first values do not depend on what is fused.
    """
    root = nn.Module()
    for node in graph.nodes.values():
        path = module_path(node, graph)
        if not _has(root, path):
            made = _table(node, graph) if node.role == "lookup" else _instance(node, library, kernels)
            _attach(root, path, made)
            if node.role == "loss":
                widen_inputs(made)
    return assemble(fuse_lookups(graph, partial(serves, kernels)), root)


def serves(kernels: str, node: Node, op: str) -> bool:
    """Whether a kernel of this machine, not the reference, reads tables for a node."""
    from blockrec.ops import KernelUnavailable, bind

    try:
        return bind(op, node.kernel or kernels).kernel != "reference"  # type: ignore[arg-type]  # the schema has its choices
    except KernelUnavailable:
        return False


def assemble(graph: Graph, root: nn.Module) -> Model:
    """The module of a graph over modules that exist already under `root`."""
    writer = _Writer(graph)
    model = Model(root, writer.written(), "Model")
    model.graph_ir = graph
    return model


def _table(node: Node, graph: Graph) -> nn.Embedding:
    root = graph.features[node.params["feature"]].root
    feature = graph.features[root]
    if not isinstance(feature.vocab, int):
        help = f"declare `vocab: N`, or give `vocabularies={{{root!r}: N}}`; `blockrec run` counts them in the data"
        raise fail(
            "E108", f"the size of feature `{root}` is not known without data (`vocab: auto`)", feature.span, help=help
        )
    table = nn.Embedding(feature.vocab, node.params["dim"])
    initialise(table.weight, *(feature.init or TABLE))
    return table


def _instance(node: Node, library: Library, kernels: str) -> nn.Module:
    from blockrec.ops import KernelUnavailable

    signature = node.signature
    assert signature is not None
    kernel = {"kernel": node.kernel or kernels} if signature.takes_kernel else {}
    try:
        module: nn.Module = library.entries[node.block].load()(**node.axes, **_copied(node.params), **kernel)
    except KernelUnavailable as error:
        raise fail(
            "E601", f"`{node.name}`: {error}", node.span, help="`kernel: auto` takes the best that works here"
        ) from error
    return module


def _copied(params: Mapping[str, Any]) -> dict[str, Any]:
    """Lists are copied, so that no module holds a list of the document or of another module's default."""
    return {k: list(v) if isinstance(v, list) else v for k, v in params.items()}


def _attach(root: nn.Module, path: str, module: nn.Module) -> None:
    *parents, leaf = path.split(".")
    for part in parents:
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root.get_submodule(part)
    root.add_module(leaf, module)


def _has(root: nn.Module, path: str) -> bool:
    try:
        root.get_submodule(path)
    except AttributeError:
        return False
    return True


def weighted_sum(terms: list[Tensor], weights: list[float]) -> Tensor:
    """Σ weight · term of scalar losses; weights of 1 cost nothing."""
    scaled = [t if w == 1 else t * w for t, w in zip(terms, weights, strict=True)]
    return reduce(torch.add, scaled)


class _Writer:
    """Writes the forward pass of one graph as fx nodes."""

    def __init__(self, graph: Graph) -> None:
        self.ir, self.fx = graph, fx.Graph()
        self.values: dict[tuple[str, str], fx.Node] = {}
        self.looked_up: dict[str, fx.Node] = {}
        self.readings: dict[str, fx.Node] = {}
        lookups = [lookup for node in graph.nodes.values() for several in node.reads.values() for lookup in several]
        self.read = {module_path(lookup, graph) for lookup in lookups}

    def written(self) -> fx.Graph:
        batch = self.fx.placeholder("batch")
        for name in self.ir.used_features():
            self.values[name, "out"] = self._named(operator.getitem, (batch, name), name)
        for node in self.ir.nodes.values():
            self._call(node)
        self.fx.output(self._results())
        self.fx.lint()
        return self.fx

    def _call(self, node: Node) -> None:
        assert node.signature is not None
        args = [value for port in node.signature.ports for value in self._arguments(node, port.name)]
        while args and args[-1] is None:
            args.pop()
        made = self.values[node.name, "out"] = self._applied(node, node.signature, args)
        made.meta[PATH] = node.name

    def _arguments(self, node: Node, port: str) -> list[fx.Node | None]:
        if port in node.reads:
            return [self._looked_up(node.reads[port])]
        edges = node.inputs.get(port, ())
        declared = node.signature.port(port) if node.signature else None
        return [self._value(e) for e in edges] if edges or (declared and declared.variadic) else [None]

    def _applied(self, node: Node, signature: Signature, args: list[fx.Node | None]) -> fx.Node:
        path, name = module_path(node, self.ir), _identifier(node.name)
        if pool := self._pool(node):
            table = self.fx.create_node("get_attr", path, name=f"{name}_table")
            return self._named(pooled, (table, *args, pool), node.name)
        if path in self.read and not node.recompute:
            return self._named(read, (self._reading(path), *args), node.name)
        if node.lifted and signature.outputs[0].rowwise:
            module = self.fx.create_node("get_attr", path, name=f"{name}_block")
            return self._named(recomputed_rows if node.recompute else rows, (module, *args), node.name)
        if node.lifted:
            args = [self._named(getattr, (a, "values"), f"{a.name}_values") for a in args if a is not None]
        if node.recompute:
            module = self.fx.create_node("get_attr", path, name=f"{name}_block")
            return self._named(recomputed, (module, *args), node.name)
        return self.fx.create_node("call_module", path, tuple(args), name=name)

    def _pool(self, node: Node) -> str | None:
        return self.ir.features[node.params["feature"]].pool if node.role == "lookup" else None

    def _looked_up(self, lookups: tuple[Node, ...]) -> fx.Node:
        """Rows of tables, by what they are read of: the same for all who read the same."""
        key = ", ".join(lookup.name for lookup in lookups)
        if key not in self.looked_up:
            tables = [self._reading(module_path(lookup, self.ir)) for lookup in lookups]
            ids = [self._value(edge) for lookup in lookups for _, edge in lookup.edges()]
            name = lookups[0].name.partition("/")[0]
            self.looked_up[key] = self._named(looked_up, (tables, ids), f"{name}_rows")
        return self.looked_up[key]

    def _reading(self, path: str) -> fx.Node:
        """A table as this pass reads it, which sums the gradients of all its uses."""
        if path not in self.readings:
            name = path.removeprefix("tables.")
            table = self.fx.create_node("get_attr", path, name=f"{_identifier(name)}_table")
            self.readings[path] = self._named(Reading, (table,), f"{name}_reading")
        return self.readings[path]

    def _value(self, edge: Edge) -> fx.Node:
        source = self.ir.nodes.get(edge.source)
        if source is None or source.signature is None or not source.signature.several:
            return self.values[edge.source, "out"]
        key = (edge.source, f".{edge.output}")
        if key not in self.values:
            whole = self.values[edge.source, "out"]
            self.values[key] = self._named(getattr, (whole, edge.output), f"{edge.source}_{edge.output}")
        return self.values[key]

    def _results(self) -> dict[str, fx.Node]:
        results = {s.key: self._value(s.edge) for s in self.ir.sinks if s.kind != "loss"}
        losses = [s for s in self.ir.sinks if s.kind == "loss"]
        terms = [self._value(s.edge) for s in losses]
        if losses:
            results["loss"] = self._named(weighted_sum, (terms, [s.weight for s in losses]), "loss")
            results["loss"].meta[PATH] = "loss/sum"
        return results | {s.key: term for s, term in zip(losses, terms, strict=True)}

    def _named(self, function: Callable[..., Any], args: tuple[Any, ...], name: str) -> fx.Node:
        return self.fx.create_node("call_function", function, args, name=_identifier(name))


def _identifier(name: str) -> str:
    """A graph path as a Python name: `head.bn` → `head_bn`."""
    flat = name.replace(".", "_").replace("/", "_")
    return f"{flat}_" if keyword.iskeyword(flat) else flat
