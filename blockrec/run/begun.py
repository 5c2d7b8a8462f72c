"""`run.json`: how a run was begun, as far as its document does not say it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from blockrec.diagnostics import fail
from blockrec.run.names import BEGUN
from blockrec.run.prepare import Wishes


@dataclass(frozen=True)
class Begun:
    """epochs, steps, device: where they were said beside the document. warm_start: the checkpoint it began from."""

    epochs: int | None
    steps: int | None
    device: str | None
    seed: int
    imports: tuple[str, ...]
    warm_start: str | None

    @classmethod
    def of(cls, wishes: Wishes, seed: int, source: Path | None) -> Begun:
        """Of a run that begins now; `source` is what its weights are from."""
        origin = str(source.absolute()) if source is not None else None
        return cls(wishes.epochs, wishes.steps, wishes.device, seed, tuple(_absolute(wishes.imports)), origin)

    @classmethod
    def read(cls, run: Path) -> Begun:
        """Of a run directory; E009 if it does not say."""
        try:
            values = json.loads((run / BEGUN).read_text("utf-8"))
            return cls(**{**values, "imports": tuple(values["imports"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise fail("E009", f"`{run / BEGUN}` does not say how the run began: {error}") from error

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def merged(self, wishes: Wishes) -> Wishes:
        """What a user wants who resumes the run: what was said then, unless it is said anew. E706 for another seed."""
        if wishes.seed not in (None, self.seed):
            message = f"the run has seed {self.seed}, which decides the order of its samples"
            raise fail("E706", message, help="leave `--seed` out, or begin a new run")
        length = (wishes.epochs, wishes.steps)
        epochs, steps = (self.epochs, self.steps) if length == (None, None) else length
        imports = tuple(dict.fromkeys([*self.imports, *_absolute(wishes.imports)]))
        return replace(
            wishes, epochs=epochs, steps=steps, device=wishes.device or self.device, seed=self.seed, imports=imports
        )


def _absolute(imports: Iterable[str | Path]) -> list[str]:
    """Files from anywhere; names of modules as they are."""
    return [str(Path(i).absolute()) if str(i).endswith(".py") else str(i) for i in imports]
