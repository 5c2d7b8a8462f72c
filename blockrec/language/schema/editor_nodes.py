"""Nodes in the schema for editors: the parameters and inputs of the block that a node names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from blockrec.language.schema.graph import GRAPH, LOSSES, NODE_WORDS, TASKS
from blockrec.language.schema.parts import Schema
from blockrec.language.schema.written import Swap, described, written

_NODE, _LOSS = GRAPH["additionalProperties"], LOSSES["additionalProperties"]
_TASK_LOSS = TASKS["additionalProperties"]["properties"]["loss"]
_PORTS_OF_A_TASK = ["logits", "label"]
"""What a loss takes first if a task may name it."""
_BY_THE_TASK = {*_PORTS_OF_A_TASK, "weight", "mask"}
"""What a task connects itself."""


@dataclass(frozen=True)
class BlockWords:
    """A block as an editor shows it.

    doc: in full, its first line a summary. ports: what each takes, in words; required: those that must be connected.
    parameters: their JSON Schema; defaults: those of optional ones. loss: whether it gives one number a batch.
    """

    doc: str
    ports: Mapping[str, str]
    required: tuple[str, ...]
    parameters: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    loss: bool = False

    @property
    def summary(self) -> str:
        return self.doc.partition("\n")[0]


def node_definitions(blocks: Mapping[str, BlockWords]) -> Schema:
    """`node`, `loss` and `task_loss`, each whole and as a patch, and one definition for each block."""
    found: Schema = {}
    for patch in (False, True):
        found[_name("node", patch)] = _node(_NODE, "block", blocks, patch)
        found[_name("loss", patch)] = _node(_LOSS, "loss_block", losses(blocks), patch)
        found[_name("task_loss", patch)] = _task_loss(blocks, patch)
    for name, block in blocks.items():
        found[f"block.{name}"] = _use(name, block, _NODE)
        if block.loss:
            found[f"loss_block.{name}"] = _use(name, block, _LOSS)
        if name in task_losses(blocks):
            found[f"task_loss.{name}"] = _of_task(name, block)
    return found


def _of_task(name: str, block: BlockWords) -> Schema:
    """A loss of a task: the task connects the ports that all have, the loss those that are left."""
    words = {"kernel": _NODE["properties"]["kernel"]}
    left = {port: text for port, text in block.ports.items() if port not in _BY_THE_TASK}
    if left:
        words["in"] = _TASK_LOSS["properties"]["in"]
    return _use(name, replace(block, ports=left, required=()), {"properties": words})


def swaps(*, patch: bool) -> list[Swap]:
    """The parts of the sections that stand for nodes, and the definitions that replace them."""
    parts = {"node": _NODE, "loss": _LOSS, "task_loss": _TASK_LOSS}
    return [(part, {"$ref": f"#/definitions/{_name(name, patch)}"}) for name, part in parts.items()]


def losses(blocks: Mapping[str, BlockWords]) -> dict[str, BlockWords]:
    """Blocks that can be losses."""
    return {name: block for name, block in blocks.items() if block.loss}


def task_losses(blocks: Mapping[str, BlockWords]) -> dict[str, BlockWords]:
    """Blocks that a task may name as its loss."""
    return {name: block for name, block in losses(blocks).items() if [*block.ports][:2] == _PORTS_OF_A_TASK}


def words(known: Mapping[str, str]) -> Schema:
    """One of these names, each with what it is, or another text."""
    return {"anyOf": [{"enum": [*known], "enumDescriptions": [*known.values()]}, {"type": "string", "minLength": 1}]}


def _name(kind: str, patch: bool) -> str:
    return f"{kind}_patch" if patch else kind


def _node(schema: Mapping[str, Any], kind: str, blocks: Mapping[str, BlockWords], patch: bool) -> Schema:
    """A node with its block's own keys; one whose block is a composite, or not named in a patch, may have any.

    What the block says stands first, because hover takes the first text that it meets.
    """
    properties = written({"properties": schema["properties"]}, patch=patch)["properties"]
    _silence(properties["in"])
    block = words(_summaries(blocks))
    block["anyOf"] += [{"type": "null"}] if patch else []
    properties["block"] = {**_text(schema["properties"]["block"]), **block}
    common = {"properties": properties} if patch else {"properties": properties, **_whole(schema)}
    return {
        "type": ["object", "null"] if patch else "object",
        "allOf": [*_branches(kind, blocks, wired=not patch), common],
    }


def _silence(inputs: Schema) -> None:
    """Without a text for any port, so that hover shows what the block's own port takes."""
    port = inputs["allOf"][0]["additionalProperties"]
    for text in described(port):
        del port[text]


def _branches(kind: str, blocks: Mapping[str, BlockWords], *, wired: bool) -> list[Schema]:
    """wired: whether inputs have to be there; a patch that sets a block keeps those of the node."""
    return [
        {
            "if": {"type": "object", "required": ["block"], "properties": {"block": {"const": name}}},
            "then": {
                "allOf": [{"$ref": f"#/definitions/{kind}.{name}"}],
                "required": [*block.parameters.get("required", ()), *(["in"] if wired and block.required else [])],
            },
        }
        for name, block in blocks.items()
    ]


def _whole(schema: Mapping[str, Any]) -> Schema:
    """What only a node in full needs: a block, or the node whose block and parameters it shares and nothing more."""
    if "share" not in schema["properties"]:
        return {"required": ["block"]}
    known = {"properties": dict.fromkeys(NODE_WORDS, True), "additionalProperties": False}
    return {"if": {"required": ["share"]}, "then": known, "else": {"required": ["block"]}}


def _use(name: str, block: BlockWords, schema: Mapping[str, Any]) -> Schema:
    """A node of this block: its inputs and parameters beside the words of `schema`, and nothing else."""
    own = {**block.parameters.get("properties", {})}
    own = {key: {**value, "default": block.defaults.get(key)} for key, value in own.items()}
    properties = written({"properties": {**schema["properties"], **own}})["properties"]
    doc = {"description": block.doc, "markdownDescription": block.doc}
    properties["block"] = {"const": name, **doc}
    if "in" in schema["properties"]:
        properties["in"] = _inputs(block)
    return {**doc, "type": "object", "properties": properties, "additionalProperties": False}


def _inputs(block: BlockWords) -> Schema:
    """A source or a list for the one port that must be connected, or a source for each by name."""
    source = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}
    ports = {name: {**source, "description": text} for name, text in block.ports.items()}
    text = ", ".join(f"{name} {what}" for name, what in block.ports.items())
    bare = ["string", "array"] if len(block.required) == 1 else []
    return {
        "description": text,
        "anyOf": [{"type": [*bare, "object"]}],
        "allOf": [
            {"properties": ports, "additionalProperties": False, "items": {"type": "string"}, "minItems": 1},
            {"required": list(block.required)},
        ],
    }


def _task_loss(blocks: Mapping[str, BlockWords], patch: bool) -> Schema:
    """The name of a loss, or a mapping of it and its parameters."""
    losses = task_losses(blocks)
    known = _summaries(losses)
    mapping = {
        "type": ["object", "null"] if patch else "object",
        "properties": {"block": words(known)},
        "allOf": _branches("task_loss", losses, wired=False),
        **({} if patch else {"required": ["block"]}),
    }
    names = words(known)["anyOf"]
    return {**_text(_TASK_LOSS), "anyOf": [*names, mapping]}


def _summaries(blocks: Mapping[str, BlockWords]) -> dict[str, str]:
    return {name: block.summary for name, block in blocks.items()}


def _text(schema: Mapping[str, Any]) -> Schema:
    return {key: text for key, text in written(schema).items() if "escription" in key}
