"""A model file, merged and checked: values with positions, parameters, features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics
from blockrec.language.declare import read_features
from blockrec.language.dump import dump
from blockrec.language.expressions import substitute
from blockrec.language.features import Features
from blockrec.language.files import read_model
from blockrec.language.layers import Layers, merge_layers
from blockrec.language.names import check_names, own_features
from blockrec.language.params import REQUIRED, resolve_params
from blockrec.language.portable import portable, reached, without_unmentioned
from blockrec.language.schema.document import VERSION, model_schema
from blockrec.language.source import read_map
from blockrec.language.steering import check_steering
from blockrec.language.sweep import Point, Sweep, read_sweep
from blockrec.language.training import check_training
from blockrec.language.trust import Fence, fence_of
from blockrec.language.validate import validate
from blockrec.language.values import UNKNOWN, Map

AS_WRITTEN = ("blockrec", "name", "doc", "imports", "params", "graph", "blocks")
"""Top-level keys without expressions, or whose expressions are evaluated elsewhere."""


@dataclass(frozen=True)
class Document:
    """A checked model file before its graph is compiled.

    root: the merged file, values with positions; expressions are still texts.
    name: `name:`, else the file's stem. folder: of the file; None for texts and mappings.
    card: the dataset card merged below, as it was named; card_file: its file as spans name it.
    params: the top-level parameters, evaluated. sections: the others, evaluated.
    patched: whether an extended file, a variant or an override changed what the file says, so that a parameter which
    this model leaves unused is not a mistake.
    sweep: what to run of it; None without that section, and after a mistake in it.
    libraries: files of imported composites as spans name them. applied: the variants that were chosen, by name.
    """

    root: Map
    name: str
    folder: Path | None
    card: str | None
    params: dict[str, Any]
    features: Features
    sections: Map = field(repr=False)
    card_file: str | None = None
    patched: bool = False
    sweep: Sweep | None = field(default=None, repr=False)
    libraries: frozenset[str] = frozenset()
    applied: tuple[tuple[str, Map], ...] = field(default=(), repr=False)

    def evaluated(self, section: str) -> Map:
        """A section with all expressions evaluated; empty if the file does not have it."""
        return self.sections.section(section)

    def is_own(self, feature: str) -> bool:
        """Whether the file itself, not only its dataset card, names this feature or sequence."""
        return feature.partition(".")[0] in own_features(self.root.section("features"), self.card_file)

    @property
    def misplaced(self) -> list[str]:
        """Keys at the top of the file that are none of its sections; reported already."""
        known = model_schema()["properties"]
        return [key.strip() for key in self.root if key not in known]

    @property
    def own_composites(self) -> list[str]:
        """Composites that the model's files themselves name, not only libraries that they import."""
        places = self.root.section("blocks").keys_at
        return [name for name, at in places.items() if at.source.name not in self.libraries]

    def merged(self) -> dict[str, Any]:
        """What is left when everything is merged in: a document of its own, wherever it is written to."""
        head = {"blockrec": VERSION, "name": self.name}
        root = without_unmentioned(reached(self.root, self.own_composites), self.card_file)
        return {**head, **portable(root, self.evaluated("data"), self.evaluated("features"))}

    def to_yaml(self) -> str:
        """The merged document as a file of its own: card, used composites, variants and overrides are part of it."""
        text = dump(self.merged(), Diagnostics())
        assert text is not None
        return text


def load(
    model: str | Path | Mapping[str, Any],
    report: Diagnostics,
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | None = None,
    point: Point | None = None,
    trusted: bool = True,
) -> Document | None:
    """Read, merge and check a model file.

    model: a path, the name of a packaged model, YAML text (holds a newline), or a mapping. variants: names of patches
    in the file, applied from left to right. sets: `path.to.key=value`, applied last. data: the dataset card to use
    instead of the file's. point: of the file's sweep, applied after the variants.
    trusted: False refuses Python imports (E210) and files outside the folder of the model (E111), before they are read.
    Mistakes are reported; None if too little could be read to check anything more.
    """
    read = read_model(model, report)
    file = read_map(read[0], report) if read else None
    if read is None or file is None:
        return None
    fence = fence_of(read[1], trusted=trusted)
    layers = merge_layers(file, variants, sets, data, report, point, fence)
    return _document(layers, read[1], fence, report) if layers else None


def _document(layers: Layers, path: Path | None, fence: Fence, report: Diagnostics) -> Document | None:
    root = layers.root
    params = _params(root, report)
    sections = _evaluated(root, params, fence, report)
    validate(sections, model_schema(), report)
    sections = _with_metrics(sections)
    check_training(sections.section("train"), report)
    check_steering(sections, report)
    if not all(isinstance(root.get(key), Map) for key in ("graph", "features")):
        return None
    readable = fence.without_files(sections.section("features"), report)
    features = read_features(readable, sections.get("labels"), report, layers.card)
    check_names(sections, layers.card_file, report)
    return Document(
        root,
        _name(root, path),
        path.parent if path else None,
        layers.card,
        params,
        features,
        sections,
        layers.card_file,
        layers.patched,
        _sweep(layers.sweep, sections, report),
        layers.libraries,
        layers.applied,
    )


def _sweep(root: Map, sections: Map, report: Diagnostics) -> Sweep | None:
    schema = {"properties": {"sweep": model_schema()["properties"]["sweep"]}}
    if not validate(root, schema, report) or "sweep" not in root:
        return None
    return read_sweep(root.section("sweep"), sections.section("tasks"), report)


def _params(root: Map, report: Diagnostics) -> dict[str, Any]:
    declared = root.section("params")
    missing = [name for name, value in declared.items() if value == REQUIRED]
    for name in missing:
        help = f"--set params.{name}=..."
        report.error("E105", f"parameter `{name}` has no value", declared.at[name], help=help)
    return resolve_params(declared, report, dict.fromkeys(missing, UNKNOWN))


def _evaluated(root: Map, params: Mapping[str, Any], fence: Fence, report: Diagnostics) -> Map:
    entries = {
        key: (
            key_at,
            value if key in AS_WRITTEN else substitute(value, at, params, report, key, trusted=fence.trusts),
            at,
        )
        for key, (key_at, value, at) in root.entries().items()
    }
    return Map(root.span, entries)


def _with_metrics(sections: Map) -> Map:
    """Tasks that name no metrics have those of `eval`."""
    common, tasks = sections.section("eval").entries().get("metrics"), sections.section("tasks")
    if common is None or not tasks:
        return sections
    filled = {
        name: (key, Map(task.span, {"metrics": common, **task.entries()}) if isinstance(task, Map) else task, at)
        for name, (key, task, at) in tasks.entries().items()
    }
    key, _, at = sections.entries()["tasks"]
    return Map(sections.span, {**sections.entries(), "tasks": (key, Map(tasks.span, filled), at)})


def _name(root: Map, path: Path | None) -> str:
    name = root.get("name")
    return name if isinstance(name, str) else path.stem if path else "model"
