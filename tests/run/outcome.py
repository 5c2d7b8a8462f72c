"""What a run has come to, bit for bit."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

VARYING = ("seconds", "metrics_bytes")
"""Of `training.json`: how long it took, and how many digits the times have."""


def outcome(run: Path) -> dict[str, Any]:
    """Metrics, weights, optimizers, random numbers, loader position and result; without times."""
    found: dict[str, Any] = {"metrics": lines(run)}
    for link in ("best", "last"):
        folder = run / "checkpoints" / link
        state = json.loads((folder / "training.json").read_text("utf-8"))
        found[link] = {key: value for key, value in state.items() if key not in VARYING}
        for name in ("model.safetensors", "training.pt"):
            found[f"{link}/{name}"] = sha256((folder / name).read_bytes()).hexdigest()
    result = run / "result.json"
    kept = ("metrics", "best", "last", "steps", "rows", "alarms", "stopped", "undefined")
    if result.is_file():
        found["result"] = {key: json.loads(result.read_text("utf-8"))[key] for key in kept}
    return found


def lines(run: Path) -> list[dict[str, Any]]:
    """metrics.jsonl without times."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key != "time"} for row in rows]
