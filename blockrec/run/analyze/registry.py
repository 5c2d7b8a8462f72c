"""Analyses by name. Each is a file of `analyses/`, a function of a subject and its own options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal, get_args, get_origin, get_type_hints

from blockrec.annotations import argument_docs
from blockrec.diagnostics import did_you_mean, fail
from blockrec.run.analyze import analyses
from blockrec.run.analyze.findings import Findings
from blockrec.run.analyze.subject import Subject

Function = Callable[..., Findings]
Need = Callable[[Subject], str | None]


@dataclass(frozen=True)
class Option:
    """A keyword of an analysis. kind: its annotation."""

    name: str
    kind: Any
    default: Any
    doc: str

    def read(self, text: str) -> Any:
        """The value that a user wrote; E104 if it is none of this kind, E107 if it is not one of the choices."""
        choices = get_args(self.kind) if get_origin(self.kind) is Literal else ()
        if choices and text not in choices:
            help = did_you_mean(text, choices, f"one of {', '.join(choices)}")
            raise fail("E107", f"option `{self.name}` has no choice `{text}`", help=help)
        if choices or self.kind is str:
            return text
        try:
            return [int(word) for word in text.split(",")] if get_origin(self.kind) is list else self.kind(text)
        except ValueError:
            wanted = {int: "a whole number", float: "a number"}.get(self.kind, "whole numbers: 5,10,20")
            raise fail("E104", f"option `{self.name}` takes {wanted}, not `{text}`") from None


@dataclass(frozen=True)
class Analysis:
    """needs: says why it cannot be made of a subject; None if it can. summary: one line."""

    name: str
    function: Function
    needs: Need

    @property
    def summary(self) -> str:
        return inspect.cleandoc(self.function.__doc__ or "").partition("\n")[0]

    @property
    def about(self) -> str:
        """The docstring without its arguments."""
        return inspect.cleandoc(self.function.__doc__ or "").partition("\nArgs:")[0].strip()

    @property
    def options(self) -> Mapping[str, Option]:
        docs, hints = argument_docs(self.function.__doc__ or ""), get_type_hints(self.function)
        keywords = [p for p in inspect.signature(self.function).parameters.values() if p.kind is p.KEYWORD_ONLY]
        return {p.name: Option(p.name, hints[p.name], p.default, docs[p.name]) for p in keywords}

    def read(self, written: Iterable[str]) -> dict[str, Any]:
        """All options, from `NAME=VALUE` of some. E103 for one that there is not, E104 or E107 for a wrong value."""
        options = self.options
        chosen = {name: option.default for name, option in options.items()}
        for word in written:
            name, sign, text = word.partition("=")
            if name not in options:
                help = did_you_mean(name, options, f"there are: {', '.join(options) or 'none'}")
                raise fail("E103", f"the analysis `{self.name}` has no option `{name}`", help=help)
            if not sign:
                raise fail("E104", f"option `{name}` has no value", help=f"--with {name}={options[name].default}")
            chosen[name] = options[name].read(text)
        return chosen


_FOUND: dict[str, Analysis] = {}


def analysis(name: str, *, needs: Need = lambda _: None) -> Callable[[Function], Function]:
    """Register a function `(subject, *, option: kind = default, ...) -> Findings` with a docstring of its options."""

    def register(function: Function) -> Function:
        _FOUND[name] = Analysis(name, function, needs)
        return function

    return register


@cache
def all_analyses() -> Mapping[str, Analysis]:
    """By name, in the order of names."""
    for module in iter_modules(analyses.__path__):
        import_module(f"{analyses.__name__}.{module.name}")
    return dict(sorted(_FOUND.items()))


def find(name: str) -> Analysis:
    """The analysis of that name; E107 if there is none."""
    known = all_analyses()
    if name not in known:
        help = did_you_mean(name, known, f"one of {', '.join(known)}")
        raise fail("E107", f"there is no analysis `{name}`", help=help)
    return known[name]
