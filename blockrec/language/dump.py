"""Values → YAML text that this language reads back as the same values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import yaml

from blockrec.diagnostics import Diagnostics
from blockrec.language import scalars
from blockrec.language.values import Unknown

BASE = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(BASE):  # type: ignore[misc, valid-type]  # the C dumper where there is one
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class's signature
        """A list used twice is written twice: there are no anchors here."""
        return True


def _text(dumper: Any, value: str) -> Any:
    """Quoted wherever our scalars or PyYAML's would read something else."""
    value = str(value)
    plain = scalars.resolve(value) == value and scalars.suspicion(value) is None
    safe = plain and "\n" not in value and not value.startswith("(")
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if safe else '"')


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)
_Dumper.add_multi_representer(PurePath, _text)
_Dumper.add_multi_representer(Unknown, lambda dumper, _: dumper.represent_none(None))
_Dumper.add_multi_representer(int, lambda dumper, value: dumper.represent_int(int(value)))
_Dumper.add_multi_representer(float, lambda dumper, value: dumper.represent_float(float(value)))
_Dumper.add_multi_representer(list, lambda dumper, value: dumper.represent_list(value))
for kind in (dict, Mapping):
    _Dumper.add_multi_representer(kind, lambda dumper, value: dumper.represent_dict(value.items()))


def dump(value: Mapping[str, Any], report: Diagnostics) -> str | None:
    """`value` as YAML text, one line for each innermost collection. E101 if it holds something that YAML cannot."""
    try:
        text: str = yaml.dump(
            value, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=2**30, allow_unicode=True
        )
        return text
    except RecursionError:
        report.error("E008", "the mapping is nested too deep, or contains itself")
    except (yaml.YAMLError, UnicodeError) as error:
        cause = error.args[0] if error.args else error
        report.error(
            "E101", f"the mapping cannot be written as YAML: {cause}", help="use plain numbers, texts, lists and dicts"
        )
    return None


def line(key: str, value: Any) -> str:
    """`key: value` on one line."""
    text: str = yaml.dump(
        {key: value}, Dumper=_Dumper, default_flow_style=True, sort_keys=False, width=2**30, allow_unicode=True
    )
    return text.rstrip("\n")[1:-1]
