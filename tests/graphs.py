"""A catalogue of named graph shapes, built by hand, for everything that takes a checked graph."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blockrec.diagnostics import Source, Span
from blockrec.graph.ir import Edge, Graph, Node, Sink
from blockrec.language.features import Column, Feature, Label
from blockrec.signature import Type

SPAN = Span(Source("model.yaml", ""), 0, 0, 1)
CATALOGUE: dict[str, Callable[[], Graph]] = {}


def shape(make: Callable[[], Graph]) -> Callable[[], Graph]:
    """Enrol a graph in the catalogue under the function's name."""
    CATALOGUE[make.__name__] = make
    return make


def feature(name: str, vocab: int | None = 100, like: str | None = None, **rest: Any) -> Feature:
    sequence = name.rpartition(".")[0] or None
    return Feature(name, sequence, rest.pop("kind", "id"), like or name, vocab, Column(name), SPAN, **rest)


def edge(value: str, names: Sequence[str]) -> Edge:
    """`search.full` → output `full` of `search`, unless a node or feature has that whole name."""
    if value in names:
        return Edge(value, "out", SPAN)
    source, _, output = value.rpartition(".")
    return Edge(source or value, output if source else "out", SPAN)


def node(name: str, block: str, inputs: Mapping[str, Sequence[str]], names: Sequence[str], **rest: Any) -> Node:
    """A node; `type` (or `outputs`) in `rest` gives what it yields."""
    outputs = rest.pop("outputs", None) or {"out": rest.pop("type", vector(16))}
    edges = {port: tuple(edge(v, names) for v in values) for port, values in inputs.items()}
    rest["params_at"] = dict.fromkeys(rest.get("params", ()), SPAN)
    return Node(name, block, edges, rest.pop("params", {}), SPAN, outputs=outputs, **{"parameters": 0, **rest})


def vector(width: int) -> Type:
    return Type("float", ("b", width))


def steps(width: int, sequence: str = "behaviors") -> Type:
    return Type("float", ("b", sequence, width), True)


def embed(name: str, features: Sequence[str], dim: int = 16, table: str = "main") -> list[Node]:
    """What the compiler makes of an `embed` node: lookups, and a concat unless there is only one."""
    jagged = "." in features[0]
    of = steps if jagged else vector
    many = len(features) > 1
    look = [
        Node(
            f"{name}/{f}" if many else name,
            "lookup",
            {"ids": (Edge(f, "out", SPAN),)},
            {"table": table, "feature": f, "dim": dim},
            SPAN,
            role="lookup",
            outputs={"out": of(dim)},
        )
        for f in features
    ]
    parts = {"inputs": tuple(Edge(n.name, "out", SPAN) for n in look)}
    width = of(dim * len(features))
    return [*look, Node(name, "concat", parts, {}, SPAN, outputs={"out": width}, parameters=0)] if many else look


def graph(name: str, features: Sequence[Feature], nodes: Sequence[Node], sinks: Sequence[Sink], doc: str = "") -> Graph:
    """A graph of these, with the loss node and the loss sink of every task, as the compiler makes them."""
    labels = {"click": Label("click", "click", SPAN)}
    tasks = [sink for sink in sinks if sink.kind == "task"]
    losses = [loss(f"tasks.{sink.name}", sink.edge) for sink in tasks]
    ends = [Sink(sink.name, "loss", Edge(f"tasks.{sink.name}", "out", SPAN), label="click") for sink in tasks]
    every = {n.name: n for n in (*nodes, *losses)}
    return Graph(name, {f.name: f for f in features}, labels, every, (*sinks, *ends), doc)


def task(source: str, name: str = "click") -> Sink:
    metrics = ("auc", {"gauc": {"by": "user"}})
    return Sink(name, "task", Edge(source, "out", SPAN), label="click", metrics=metrics, loss=f"tasks.{name}")


def loss(name: str, logits: Edge) -> Node:
    inputs = {"logits": (logits,), "label": (Edge("click", "out", SPAN),)}
    return Node(name, "bce", inputs, {}, SPAN, role="loss", outputs={"out": Type("float", ())}, parameters=0)


def wired(name: str, edges: Mapping[str, Sequence[str]], last: str) -> Graph:
    """Nodes of one block `mix` by the names of what they read; names that are no node are dense features."""
    loose = {v for values in edges.values() for v in values if v not in edges}
    features = [feature(f, None, kind="dense", width=4) for f in sorted(loose)]
    names = [*edges, *sorted(loose)]
    return graph(name, features, [node(n, "mix", {"inputs": v}, names) for n, v in edges.items()], [task(last)])


@shape
def single_node() -> Graph:
    return wired("single_node", {"only": ["price"]}, "only")


@shape
def chain() -> Graph:
    return wired("chain", {f"n{i}": [f"n{i - 1}" if i else "price"] for i in range(6)}, "n5")


@shape
def diamond() -> Graph:
    return wired(
        "diamond", {"top": ["price"], "left": ["top"], "right": ["top"], "bottom": ["left", "right"]}, "bottom"
    )


@shape
def skip_connection() -> Graph:
    edges = {"a": ["price"], "b": ["a"], "c": ["b"], "d": ["c"], "sum": ["d", "a"]}
    return wired("skip_connection", edges, "sum")


@shape
def two_towers_that_meet() -> Graph:
    edges = {f"{side}{i}": [f"{side}{i - 1}" if i else f"{side}_x"] for side in ("user", "item") for i in range(3)}
    return wired("two_towers_that_meet", {**edges, "dot": ["user2", "item2"]}, "dot")


@shape
def nested_twice() -> Graph:
    """A composite inside a composite, left and entered at several levels."""
    edges = {
        "before": ["price"],
        "tower.first": ["before"],
        "tower.inner.left": ["tower.first"],
        "tower.inner.right": ["tower.first", "before"],
        "tower.inner.sum": ["tower.inner.left", "tower.inner.right"],
        "tower.last": ["tower.inner.sum", "tower.first"],
        "beside": ["before"],
        "after": ["tower.last", "beside", "before"],
    }
    return wired("nested_twice", edges, "after")


@shape
def wide_fan_in() -> Graph:
    edges: dict[str, list[str]] = {f"branch_{i}": [f"feature_{i}"] for i in range(20)}
    return wired("wide_fan_in", {**edges, "join": list(edges)}, "join")


@shape
def many_features() -> Graph:
    """One table a feature, all read by one node, as in wide click-through models."""
    names = [f"field_{i}" for i in range(26)]
    look = embed("fields", names)
    deep = node("deep", "mlp", {"x": ["fields"]}, ["fields"], parameters=1_000)
    return graph(
        "many_features", [feature(n, 10**i % 999_983 + 2) for i, n in enumerate(names)], [*look, deep], [task("deep")]
    )


@shape
def random_dag_100() -> Graph:
    """100 nodes, some in clusters, each reading one to three of the thirty before it."""
    chance = random.Random(7)
    names = [f"part_{i // 20}.n{i}" if i // 10 % 2 else f"n{i}" for i in range(100)]
    edges = {
        n: chance.sample(names[max(0, i - 30) : i], min(i, chance.randint(1, 3))) or ["price"]
        for i, n in enumerate(names)
    }
    read = {v for values in edges.values() for v in values}
    ends = [n for n in names if n not in read]
    return wired("random_dag_100", {**edges, "join": ends}, "join")


@shape
def hostile_names() -> Graph:
    """Texts that a format must escape: markup in docs and labels, long names, other scripts."""
    long = "a_name_that_goes_on_and_on_until_nobody_wants_to_read_it_any_more_but_it_is_legal"
    names = ["price", long]
    nodes = [
        node(
            long,
            "mlp",
            {"x": ["price"]},
            names,
            doc="<b>\"bold\" & 'risky'</b> -->",
            params={"activation": 'a<b>&"c"', "hidden": [8]},
        ),
        node("end", "linear", {"x": [long]}, names, doc="]] %% ; `code` #quot; 推荐系统 \u0001"),
    ]
    sinks = [task("end", "end"), Sink("price", "output", Edge(long, "out", SPAN))]
    return graph(
        '<script>"&', [feature("price", None, kind="dense", width=4)], nodes, sinks, 'x < y && "z" </svg> 你好'
    )


@shape
def dare() -> Graph:
    """Decoupled attention and representation: every kind of box at once."""
    fields = ["behaviors.item", "behaviors.category", "behaviors.position"]
    features = [
        feature("user", 987_994),
        feature("item", 4_068_791),
        feature("category", 9_408),
        feature("now", None, like="behaviors.position"),
        feature(fields[0], None, like="item"),
        feature(fields[1], None, like="category"),
        feature(fields[2], 2_000),
    ]
    heads = [n for name, interest in (("head", "search"), ("head_all", "dense")) for n in _dare_head(name, interest)]
    scores = Type("float", ("b", "behaviors"), True)
    ports = {
        "query": ["query"],
        "keys": ["keys"],
        "query_position": ["query_position"],
        "keys_position": ["keys_position"],
    }
    known = ["query", "keys", "query_position", "keys_position", "score", "values", "search", "dense", "target"]
    nodes = [
        *embed("query", ["item", "category"], table="att"),
        *embed("query_position", ["now"], table="att"),
        *embed("keys", fields[:2], table="att"),
        *embed("keys_position", fields[2:], table="att"),
        *embed("target", ["item", "category", "now"], table="rep"),
        *embed("values", fields, table="rep"),
        node("score", "target_attention", ports, known, outputs={"scores": scores}, doc="Where to look."),
        node(
            "search",
            "topk_attend",
            {"scores": ["score.scores"], "values": ["values"]},
            known,
            type=vector(48),
            params={"k": 20},
        ),
        node("dense", "attend", {"scores": ["score.scores"], "values": ["values"]}, known, type=vector(48)),
        *heads,
        loss("losses.aux", Edge("head_all.logit", "out", SPAN)),
    ]
    sinks = [task("head.logit"), Sink("aux", "loss", Edge("losses.aux", "out", SPAN), weight=0.5)]
    doc = "Decoupled attention and representation embeddings for long sequences (arXiv 2410.02604)."
    return graph("dare", features, nodes, sinks, doc)


def _dare_head(name: str, interest: str) -> list[Node]:
    join = [f"{name}.{n}" for n in ("cross", "bn/x", "bn", "mlp", "logit")]
    cross, made, bn, mlp, logit = join
    names = ["target", interest, *join]
    return [
        node(
            cross,
            "hadamard",
            {"inputs": ["target", interest]},
            names,
            type=vector(48),
            doc="Target-aware representation.",
        ),
        node(made, "concat", {"inputs": ["target", interest, cross]}, names, type=vector(144)),
        node(bn, "batch_norm", {"x": [made]}, names, type=vector(144), parameters=288),
        node(
            mlp,
            "mlp",
            {"x": [bn]},
            names,
            type=vector(80),
            parameters=45_162,
            params={"hidden": [200, 80], "activation": "prelu"},
        ),
        node(logit, "linear", {"x": [mlp]}, names, type=vector(1), parameters=81, params={"out": 1}),
    ]


@shape
def shared_tables() -> Graph:
    """One table for two roles: the compiler lets the second `embed` use the lookups of the first and of `who`."""
    nodes = {n.name: n for n in (*embed("who", ["user"]), *embed("query", ["item", "category"]))}
    parts = ("query/item", "query/category", "who")
    target = Node(
        "target", "concat", {"": tuple(Edge(p, "out", SPAN) for p in parts)}, {}, SPAN, outputs={"out": vector(48)}
    )
    names = [*nodes, "target"]
    meet = node("meet", "mlp", {"x": ["query", "target", "who"]}, names, parameters=10)
    features = [feature(f) for f in ("user", "item", "category")]
    return graph("shared_tables", features, [*nodes.values(), target, meet], [task("meet")])


@shape
def only_outputs() -> Graph:
    """No task: two outputs of one node with two outputs of its own, of which one is a sequence."""
    names = ["price", "gate"]
    gate = node("gate", "gated", {"a": ["price"], "b": ["price"]}, names, outputs={"out": vector(8), "gate": steps(1)})
    last = node("last", "mlp", {"x": ["gate"], "y": ["gate.gate"]}, names)
    sinks = [Sink("emb", "output", Edge("gate", "out", SPAN)), Sink("gate", "output", Edge("gate", "gate", SPAN))]
    ends = [Sink("last", "output", Edge("last", "out", SPAN))]
    return graph("only_outputs", [feature("price", None, kind="dense", width=4)], [gate, last], [*sinks, *ends])
