"""kill −9 at random moments: what is left can be resumed, and ends as the run that nobody killed, bit for bit."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blockrec.run.checksums import damage
from tests.run.outcome import outcome

MODEL = """
blockrec: 1
name: killed
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category], dim: 4}
  history: {block: embed, in: behaviors.item, dim: 4}
  taste: {block: mean_pool, in: history}
  deep: {block: mlp, in: [target, taste], hidden: [16], dropout: 0.2, norm: batch}
  logit: {block: linear, in: deep, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc, logloss]}}
watch: {taste: {node: taste, warn: std >= 0}}
data: {generate: {planted_interests: {users: 300, items: 200}}, batch_size: 100}
eval: {every: 6 steps}
train:
  epochs: 5
  ema: 0.9
  clip: 1.0
  accumulate: 2
  schedule: {warmup: 10, cosine: {}}
  checkpoint: {every: 2 steps, keep: 2}
"""
START = "import sys; from blockrec.cli.main import main; main(sys.argv[1:])"
LONGEST = 120.0
"""Seconds after which a process that should have ended is no use."""


@dataclass
class Killer:
    """Runs the command line in `folder` and kills it."""

    folder: Path
    draws: random.Random
    kills: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "model.yaml").write_text(MODEL, "utf-8")

    @property
    def latest(self) -> Path:
        return self.folder / "runs" / "killed" / "latest"

    def start(self) -> subprocess.Popen[bytes]:
        """Begin the run, or go on with it."""
        words = ["--resume"] if self.latest.exists() else []
        command = [sys.executable, "-c", START, "-q", "run", "model.yaml", *words]
        environment = {**os.environ, "OMP_NUM_THREADS": "2"}
        with (self.folder / "errors.txt").open("ab") as errors:
            return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors)

    def kill(self, moment: str) -> bool:
        """Kill a process at a moment of that kind; False if it ended before."""
        process = self.start()
        try:
            self._wait(process, moment)
            process.kill()
            code = process.wait(LONGEST)
        finally:
            process.kill()
            process.wait()
        assert code in (0, -signal.SIGKILL), (self.folder / "errors.txt").read_text("utf-8")
        self.kills += code != 0
        return code != 0

    def _wait(self, process: subprocess.Popen[bytes], moment: str) -> None:
        began = time.monotonic()
        if moment == "any":
            until = began + self.draws.uniform(0, 4)
            while process.poll() is None and time.monotonic() < until:
                time.sleep(0.01)
            return
        before = set(self._names())
        while process.poll() is None and time.monotonic() < began + LONGEST:
            names = set(self._names())
            if any(name.startswith(".") for name in names) if moment == "writing" else names - before:
                time.sleep(self.draws.uniform(0, 0.004 if moment == "writing" else 0.4))
                return
            time.sleep(0.0005)

    def _names(self) -> Iterator[str]:
        """What there is among the checkpoints now."""
        try:
            yield from (path.name for path in (self.latest / "checkpoints").iterdir())
        except OSError:
            return

    def check(self) -> None:
        """Every checkpoint that has its name is whole."""
        steps = self.latest.glob("checkpoints/step-*")
        assert not [wrong for step in steps if (wrong := damage(step))]

    def finish(self) -> dict[str, Any]:
        """Let the run end; what it came to."""
        process = self.start()
        assert process.wait(LONGEST) == 0, (self.folder / "errors.txt").read_text("utf-8")
        return outcome(self.latest)


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the run comes to that nobody kills."""
    found = Killer(tmp_path_factory.mktemp("whole") / "run", random.Random(0)).finish()
    assert found["last"]["step"] == 90 and len(found["metrics"]) > 60
    return found


def test_killed_while_it_trains_and_while_it_writes(wanted: dict[str, Any], tmp_path: Path) -> None:
    killer = Killer(tmp_path / "run", random.Random(1))
    for moment in ("writing", "training"):
        assert killer.kill(moment)
        killer.check()
    assert killer.finish() == wanted


@pytest.mark.nightly
def test_fifty_kills(wanted: dict[str, Any], tmp_path: Path) -> None:
    draws, kills, numbers = random.Random(2), 0, []
    while kills < 50:
        killer = Killer(tmp_path / f"run-{len(numbers)}", draws)
        while killer.kills < 12 and killer.kill(draws.choice(["any", "writing", "writing", "training"])):
            killer.check()
        assert killer.finish() == wanted
        kills += killer.kills
        numbers.append(killer.kills)
    print(json.dumps({"kills": kills, "of each run": numbers}))
