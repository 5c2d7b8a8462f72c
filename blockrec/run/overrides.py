"""`train.overrides`: globs over parameter paths that change learning rate, weight decay or initial values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from blockrec.diagnostics import Diagnostics, did_you_mean
from blockrec.graph.initial import initialise as initialise_weight
from blockrec.run.settings import Override


def matches(override: Override, path: str) -> bool:
    """`head.*` and `nodes.head.*` both match `nodes.head.0.weight`."""
    return any(fnmatchcase(p, override.match) for p in (path, path.removeprefix("nodes.")))


def override_of(overrides: Sequence[Override], path: str, setting: str) -> Any:
    """The last word on a setting of a parameter, None if there is none."""
    words = [getattr(o, setting) for o in overrides if matches(o, path)]
    return next((word for word in reversed(words) if word is not None), None)


def report_unmatched(overrides: Sequence[Override], model: nn.Module, report: Diagnostics) -> None:
    """An override that matches no parameter is a mistake."""
    paths = [path for path, _ in model.named_parameters()]
    for override in overrides:
        if not any(matches(override, path) for path in paths):
            help = did_you_mean(
                override.match, _globs(paths), "paths look like " + ", ".join(f"`{p}`" for p in paths[:3])
            )
            report.error("E207", f"override `{override.match}` matches no parameter", override.span, help=help)


def _globs(paths: Iterable[str]) -> list[str]:
    parts = [path.removeprefix("nodes.").split(".") for path in paths]
    return list({".".join([*p[:depth], "*"]) for p in parts for depth in range(1, len(p))})


def initialise(model: nn.Module, overrides: Sequence[Override]) -> None:
    """Draw the initial values that overrides ask for, in the order of the parameters (so a seed repeats them)."""
    for path, weight in model.named_parameters():
        init = override_of(overrides, path, "init")
        if init is not None and init != "default":
            ((kind, value),) = init.items()
            initialise_weight(weight, kind, value)
