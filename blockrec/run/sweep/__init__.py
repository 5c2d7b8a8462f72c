"""Many runs of one model: every point of its `sweep`, with every seed, in a table that survives being stopped."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from time import perf_counter
from typing import IO

from rich.console import Console

from blockrec.graph.sweep import described
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes
from blockrec.run.progress import duration
from blockrec.run.sweep.plan import ModelSource, Plan, Trial, check_plan, make_plan
from blockrec.run.sweep.result import SweepResult, first_line
from blockrec.run.sweep.store import Row, Store
from blockrec.run.sweep.work import Apart, Stopped, left_behind, run_here

__all__ = ["SweepResult", "sweep", "sweep_so_far"]


def sweep(
    model: ModelSource,
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | None = None,
    imports: Iterable[str | Path] = (),
    epochs: int | None = None,
    steps: int | None = None,
    device: str | None = None,
    seeds: Sequence[int] = (),
    jobs: int | None = None,
    retry: bool = False,
    dry_run: bool = False,
    runs_dir: str | Path = "runs",
    console: Console | None = None,
) -> SweepResult:
    """Train a model at every point of its `sweep` with every seed, in `<runs_dir>/<name>/sweeps/<hash>/`.

    What that folder's table holds is not run again, and a run that was stopped goes on from its checkpoint, so that the
    same call goes on after an interruption; `retry` runs what failed once more, from its start. jobs: runs at a time,
    from 2 on in processes of their own. dry_run: check every point and count the runs. Ctrl-C ends the sweep after what
    is finished (`interrupted`). Other arguments are those of `run`.
    Raises `BlockrecError` for mistakes in the model or its sweep; a run that fails is a row with its error.
    """
    log = Log(console)
    wishes = Wishes(variants, sets, data, tuple(map(str, imports)), epochs, steps, device)
    plan = make_plan(model, wishes, seeds=seeds, jobs=jobs, runs_dir=runs_dir)
    checked = check_plan(plan)
    store = Store(plan.folder)
    pending = [trial for trial in plan.trials() if _is_open(store, trial, retry)]
    total = len(plan.points) * len(plan.seeds)
    log.say(f"{checked} without a mistake; {len(pending)} of {total} runs to do, compared by {plan.metric}")
    if dry_run or not pending:
        return SweepResult(plan, store.rows)
    with store.held() as lock:
        store = Store(plan.folder)
        (plan.folder / "base.yaml").write_text(plan.base, "utf-8")
        for trial in pending:
            if trial.key in store.rows:
                rmtree(plan.folder / trial.folder, ignore_errors=True)  # it failed, and would fail from there again
        pending = _without_those_left_behind(plan, pending, store)
        interrupted = not _run_all(plan, pending, store, lock, log)
    return SweepResult(plan, store.rows, interrupted)


def sweep_so_far(
    model: ModelSource, wishes: Wishes, *, seeds: Sequence[int] = (), runs_dir: str | Path = "runs"
) -> SweepResult:
    """What the sweep that these arguments describe has found; nothing is run."""
    plan = make_plan(model, wishes, seeds=seeds, runs_dir=runs_dir)
    return SweepResult(plan, Store(plan.folder).rows)


def _without_those_left_behind(plan: Plan, pending: Sequence[Trial], store: Store) -> list[Trial]:
    """Runs that outlived a killed sweep are not repeated; their rows are written now."""
    found = {trial.key: row for trial in pending if (row := left_behind(plan, trial)) is not None}
    for row in found.values():
        store.add(row)
    return [trial for trial in pending if trial.key not in found]


def _is_open(store: Store, trial: Trial, retry: bool) -> bool:
    row = store.rows.get(trial.key)
    return row is None or (retry and "error" in row)


Ended = Generator[tuple[Trial, Row], None, None]


def _run_all(plan: Plan, pending: Sequence[Trial], store: Store, lock: IO[str], log: Log) -> bool:
    """False if the user stopped it."""
    started = perf_counter()
    ended = _here(plan, pending) if plan.jobs == 1 else _apart(plan, pending, lock)
    try:
        with closing(ended):
            for number, (trial, row) in enumerate(ended, 1):
                store.add(row)
                left = (perf_counter() - started) / number * (len(pending) - number)
                count = f"[{number}/{len(pending)}]"
                log.say(f"{count} {_named(trial)}: {_outcome(row, plan.metric)}, eta {duration(left)}")
    except (Stopped, KeyboardInterrupt):
        return False
    return True


def _named(trial: Trial) -> str:
    return f"{described(trial.point)} seed {trial.seed}"


def _outcome(row: Row, metric: str) -> str:
    if "error" in row:
        return f"failed: {first_line(row)}"
    value = row["metrics"].get(metric)
    return f"{metric} is not defined" if value is None else f"{metric} {value:.4f}"


def _here(plan: Plan, pending: Sequence[Trial]) -> Ended:
    """One run after the other."""
    quiet = Console(stderr=True, quiet=True)
    for trial in pending:
        yield trial, run_here(plan, trial, quiet)


def _apart(plan: Plan, pending: Sequence[Trial], lock: IO[str]) -> Ended:
    """Several at a time, as they end."""
    apart = Apart(plan, lock)
    with ThreadPoolExecutor(plan.jobs) as pool:
        futures = {pool.submit(apart.run, trial): trial for trial in pending}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            apart.stop()
            pool.shutdown(wait=False, cancel_futures=True)
