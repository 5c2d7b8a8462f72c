"""One run of a sweep, in this process or in one of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock
from typing import IO, Any

from rich.console import Console

from blockrec.diagnostics import BlockrecError
from blockrec.run.log import Log
from blockrec.run.names import CHECKPOINTS, RESULT
from blockrec.run.prepare import Job, Wishes
from blockrec.run.result import RunResult
from blockrec.run.resume import NEWEST, resume
from blockrec.run.run import train
from blockrec.run.sweep.plan import Plan, Trial, read_points
from blockrec.run.sweep.store import Row

KEPT = ("metrics", "steps", "rows", "rows_per_second", "seconds", "parameters")
"""What the table keeps of a run's result."""


CANNOT_GO_ON = {"E009", "E703", "E707"}
"""Mistakes of `resume` that a new run does not have."""


class Stopped(Exception):
    """The user stopped a run, or the sweep."""


def run_here(plan: Plan, trial: Trial, console: Console) -> Row:
    """Train a point in this process. Raises `Stopped` after Ctrl-C."""
    wishes = replace(plan.wishes, point=trial.point, seed=trial.seed)
    try:
        result = _trained(plan.model, wishes, plan.folder / trial.folder, Log(console))
    except BlockrecError as error:
        return failed(trial, str(error))
    except Exception as error:
        return failed(trial, f"{type(error).__name__}: {error}")
    if result.interrupted:
        raise Stopped
    return finished(trial, result.to_json())


def finished(trial: Trial, result: Mapping[str, Any]) -> Row:
    """The row of a run that ended well."""
    return {**_head(trial), **{key: result[key] for key in KEPT if key in result}}


def left_behind(plan: Plan, trial: Trial) -> Row | None:
    """The row of a run that ended well when the sweep was not there any more to write it down."""
    try:
        result = json.loads((plan.folder / trial.folder / RESULT).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return None if result["interrupted"] else finished(trial, result)


def failed(trial: Trial, error: str) -> Row:
    """The row of a run that did not."""
    return {**_head(trial), "error": error}


def _head(trial: Trial) -> dict[str, Any]:
    number, seed = trial.key
    return {"point": number, "seed": seed, "settings": trial.point.to_json(), "directory": trial.folder}


def _trained(model: Any, wishes: Wishes, folder: Path, log: Log) -> RunResult:
    """The run of a point. One that was stopped goes on from its checkpoint, if that is whole, on the same data."""
    if (folder / CHECKPOINTS / NEWEST).exists():
        try:
            return resume(None, folder, replace(wishes, point=None, variants=(), sets=(), data=None), log)
        except BlockrecError as error:
            if not {d.code for d in error.diagnostics.errors} <= CANNOT_GO_ON:
                raise
            log.say(f"{folder.name} begins anew: {str(error).splitlines()[0]}")

    def fresh(_job: Job) -> Path:
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
        return folder

    return train(model, wishes, log, fresh)


class Apart:
    """Runs points in processes of their own, which a Ctrl-C in the terminal does not reach; `stop()` ends them."""

    def __init__(self, plan: Plan, lock: IO[str]) -> None:
        self.plan, self.lock = plan, lock
        self._running: set[subprocess.Popen[str]] = set()
        self._guard, self._stopped = Lock(), False

    def run(self, trial: Trial) -> Row:
        """Train a point; meant for a thread. Raises `Stopped` if `stop()` came first."""
        process = self._started()
        _, told = process.communicate(json.dumps(self._task(trial)))
        with self._guard:
            self._running.discard(process)
            if self._stopped:
                raise Stopped
        if process.returncode == 0:
            result = json.loads((self.plan.folder / trial.folder / RESULT).read_text("utf-8"))
            return finished(trial, result)
        return failed(trial, told.strip() or _ended(process.returncode))

    def stop(self) -> None:
        """End all runs."""
        with self._guard:
            self._stopped = True
            for process in self._running:
                process.terminate()

    def _started(self) -> subprocess.Popen[str]:
        threads = str(max(1, (os.cpu_count() or 1) // self.plan.jobs))
        with self._guard:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env={"OMP_NUM_THREADS": threads, **os.environ},
                start_new_session=True,
                pass_fds=[self.lock.fileno()] if os.name == "posix" else [],
            )
            self._running.add(process)
            return process

    def _task(self, trial: Trial) -> dict[str, Any]:
        return {
            "model": str(self.plan.model),
            "wishes": asdict(replace(self.plan.wishes, seed=trial.seed)),
            "number": trial.point.number,
            "folder": str(self.plan.folder / trial.folder),
        }


def _ended(code: int) -> str:
    """How a process ended that said nothing; a negative code is a signal."""
    by = f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
    return (
        f"the process was ended {by}; SIGKILL is often a lack of memory"
        if code == -signal.SIGKILL
        else f"the process ended {by}"
    )


def main() -> None:
    """Do the task on stdin; a mistake or a failed run ends with its text on stderr and code 1."""
    task = json.load(sys.stdin)
    wishes = Wishes(**task["wishes"])
    try:
        point = read_points(task["model"], wishes)[task["number"] - 1]
        _trained(task["model"], replace(wishes, point=point), Path(task["folder"]), Log(Console(quiet=True)))
    except BlockrecError as error:
        sys.exit(str(error))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
