"""`params:` evaluated in the order in which they need each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from blockrec.diagnostics import Diagnostics
from blockrec.language.expressions import mentioned, substitute
from blockrec.language.values import UNKNOWN, Map

SHOWN = 20
"""So many parameters of a circle are named."""
REQUIRED = "required"
"""The word that stands for the value of a parameter that whoever uses it must give."""


def resolve_params(params: Map, report: Diagnostics, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Values of all parameters; `given` are evaluated already and replace the declared ones.

    What cannot be evaluated is reported (E404: a cycle) and is `UNKNOWN`.
    """
    given = given or {}
    declared = {name: value for name, value in params.items() if name not in given}
    open_ = {name: mentioned(value) & declared.keys() for name, value in declared.items()}
    waiting: dict[str, list[str]] = {}
    for name, needs in open_.items():
        for need in needs:
            waiting.setdefault(need, []).append(name)
    values: dict[str, Any] = dict(given)
    ready = deque(name for name, needs in open_.items() if not needs)
    while ready:
        name = ready.popleft()
        del open_[name]
        values[name] = substitute(params[name], params.at[name], values, report)
        for user in waiting.get(name, ()):
            open_[user].discard(name)
            if not open_[user]:
                ready.append(user)
    _report_cycles(params, open_, report)
    return {name: values.get(name, UNKNOWN) for name in {**params, **given}}


def _report_cycles(params: Map, open_: dict[str, set[str]], report: Diagnostics) -> None:
    """Those left over wait for each other, or for one that does."""
    seen: set[str] = set()
    for start in open_:
        path: dict[str, None] = {}
        name = start
        while name not in path and name not in seen:
            path[name] = None
            name = min(n for n in open_[name] if n in open_)
        seen.update(path)
        if name in path:
            cycle = [*path][[*path].index(name) :]
            text = " → ".join([*cycle[:SHOWN], "…", cycle[0]] if len(cycle) > SHOWN else [*cycle, cycle[0]])
            notes = [(params.at[n], f"`{n}`") for n in cycle[1:SHOWN]]
            report.error("E404", f"parameters refer to each other: {text}", params.at[cycle[0]], notes=notes)
