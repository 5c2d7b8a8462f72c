"""What a model file may reach: anything if it is trusted, else the files in its own folder, and no code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.files import PACKAGE, ZOO
from blockrec.language.values import UNKNOWN, List, Map
from blockrec.language.wordlist import is_file_name, located


@dataclass(frozen=True)
class Fence:
    """folder: an untrusted file reaches nothing outside of it; None for a trusted one, which reaches everything."""

    folder: Path | None = None

    @property
    def trusts(self) -> bool:
        return self.folder is None

    def refuses(self, name: str, at: Span, report: Diagnostics) -> bool:
        """Whether the path `name`, written at `at`, leads outside (reported as E111, before anything is read).

        What blockrec itself carries is not outside.
        """
        if self.folder is None or any(_leads_into(folder, name, at) for folder in (self.folder, PACKAGE, ZOO)):
            return False
        message = f"`{name[:200]}` leads outside the folder of the model, which is not trusted"
        report.error("E111", message, at, help="leave out --no-imports if you trust the file")
        return True

    def without_code(self, root: Map, report: Diagnostics) -> Map:
        """`root` without the Python that an untrusted file wants to import (E210)."""
        imports = root.get("imports")
        if self.trusts or not isinstance(imports, List):
            return root
        for name, at in zip(imports, imports.at, strict=True):
            message = f"`{str(name)[:100]}` is not imported, because the file is not trusted"
            report.error("E210", message, at, help="leave out --no-imports if you trust the file")
        return root.without("imports")

    def without_files(self, features: Map, report: Diagnostics) -> Map:
        """The section `features`, evaluated, without the vocabulary files that it may not read."""
        entries = features.entries()
        for name, (key_at, spec, at) in features.entries().items():
            if isinstance(spec, Map):
                entries[name] = (key_at, self._readable(spec, report), at)
        return features if self.trusts else Map(features.span, entries, features.deleted)

    def _readable(self, spec: Map, report: Diagnostics) -> Map:
        entries: dict[str, tuple[Span, Any, Span]] = spec.entries()
        vocab = spec.get("vocab")
        if isinstance(vocab, str) and is_file_name(vocab) and self.refuses(vocab, spec.at["vocab"], report):
            entries["vocab"] = (spec.keys_at["vocab"], UNKNOWN, spec.at["vocab"])
        if isinstance(spec.get("fields"), Map):
            fields = self.without_files(spec["fields"], report)
            entries["fields"] = (spec.keys_at["fields"], fields, spec.at["fields"])
        return Map(spec.span, entries, spec.deleted)


OPEN = Fence()


def fence_of(path: Path | None, *, trusted: bool) -> Fence:
    """Around the folder of the model file `path`; a text or a mapping has the current folder."""
    return OPEN if trusted else Fence((path.parent if path else Path()).absolute())


def _leads_into(folder: Path, name: str, at: Span) -> bool:
    """After all symbolic links; False if they cannot be followed."""
    try:
        return located(name, at).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False
