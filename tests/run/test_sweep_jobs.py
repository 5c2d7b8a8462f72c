"""Sweeps whose runs are processes of their own: what they say if they fail, and what is left if they are stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.run.test_sweep import MODEL, swept

ROOT = Path(__file__).parents[2]


def test_a_block_that_fails_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(
        "from blockrec import block\nfrom jaxtyping import Float\nfrom torch import Tensor, nn\n\n\n"
        "@block('odd')\nclass Odd(nn.Module):\n    '''Fails for some.\n\n    Args:\n        k: what.\n    '''\n\n"
        "    def __init__(self, *, k: int = 1) -> None:\n        super().__init__()\n        self.k = k\n\n"
        "    def forward(self, x: Float[Tensor, 'b d']) -> Float[Tensor, 'b d']:\n"
        "        return x / self.k if self.k else x.no_such_method()\n",
        "utf-8",
    )
    model = MODEL.replace("in: target, out", "in: odd, out")
    model = model.replace("graph:\n", "graph:\n  odd: {block: odd, in: target}\n")
    model = model.replace("{params.dim: [2, 3, 4]}, seeds: 2", "{graph.odd.k: [0, 1]}, jobs: 2")
    found = swept(tmp_path, model, steps=1, imports=[tmp_path / "odd.py"])
    (row,) = found.failures
    assert "no_such_method" in row["error"] and row["settings"] == {"graph.odd.k": 0}
    assert found.best is not None and found.best.point.number == 2


def test_a_killed_sweep_with_jobs_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(MODEL.replace("seeds: 2", "jobs: 2"), "utf-8")
    command = [sys.executable, "-m", "blockrec", "sweep", "model.yaml", "--steps", "2", "--json"]
    settings: dict[str, Any] = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, **settings) as process:
        told = [process.stderr.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=120)
    assert process.returncode == 130, [*told, rest]
    before = [run for point in json.loads(out)["points"] for run in point["runs"]]
    assert 1 <= len(before) < 3, "the third run starts when the first has ended"
    done = subprocess.run(command, capture_output=True, timeout=120, **settings)
    assert done.returncode == 0 and done.stderr.count("eta") <= 3 - len(before), done.stderr
    after = [run for point in json.loads(done.stdout)["points"] for run in point["runs"]]
    assert len(after) == 3 and all(run in after for run in before)
