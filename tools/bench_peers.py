"""Training speed of blockrec beside FuxiCTR, DeepCTR-Torch and torch-rechub: same rows, same sizes, whole epochs.

    python -m tools.bench_peers --movielens FOLDER [--models din deepfm dcn_v2 bst dssm] [--toolkits …] [--threads 2]
    python -m tools.bench_peers --generated [--rows 65536]

Each epoch runs in a process of its own; the toolkits take turns, `--rounds` times. An epoch is what the toolkit does by
itself from its loader to the updated weights, without measuring; the first steps are not counted. Generated rows have
tables of 1,000,000 users and 500,000 items: 24 million numbers. The peers are installed from `bench_peers.txt` into an
environment in the cache folder that shares the packages of the running interpreter, so that torch is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from tools.experiment import table
from tools.peers import sizes
from tools.peers.rows import Rows, generated, movielens
from tools.peers.timing import Epoch

HERE = Path(__file__).parent
TOOLKITS = {
    "blockrec": ("din", "deepfm", "dcn_v2", "bst", "dssm"),
    "fuxictr": ("din", "dcn_v2"),
    "deepctr": ("din", "deepfm", "dcn_v2"),
    "rechub": ("din", "deepfm", "dcn_v2", "bst", "dssm"),
}
"""Which models each has in its package."""
USERS, ITEMS = 1_000_000, 500_000
HEADER = [
    "model",
    "toolkit",
    "rows/s",
    "of blockrec",
    "CPU ms a step",
    "of blockrec",
    "loading",
    "peak MiB",
    "parameters",
]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = arguments.add_mutually_exclusive_group(required=True)
    source.add_argument("--movielens", type=Path, metavar="FOLDER", help="of MovieLens-100k: u.data and u.item")
    source.add_argument("--generated", action="store_true")
    arguments.add_argument("--rows", type=int, help="at most so many; of generated ones 65,536 unless told")
    arguments.add_argument("--models", nargs="+", choices=TOOLKITS["blockrec"], default=TOOLKITS["blockrec"])
    arguments.add_argument("--toolkits", nargs="+", choices=TOOLKITS, default=[*TOOLKITS])
    arguments.add_argument("--threads", type=int, nargs="+", default=[2, 1])
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    rows = generated(chosen.rows or 65_536, USERS, ITEMS) if chosen.generated else movielens(chosen.movielens)
    rows = rows.first(chosen.rows or len(rows.user))
    python = environment()
    for threads in chosen.threads:
        print(f"torch {torch.__version__}, {threads} threads, {len(rows.user):,} rows, batch {sizes.BATCH}", flush=True)
        lines = [
            line
            for model in chosen.models
            for line in lines_of(model, rows, chosen.toolkits, python, threads, chosen.rounds)
        ]
        print(table(HEADER, lines), flush=True)


def lines_of(
    model: str, rows: Rows, toolkits: Sequence[str], python: Path, threads: int, rounds: int
) -> list[list[str]]:
    """A line a toolkit that has the model; ratios are medians over the rounds."""
    able = [toolkit for toolkit in toolkits if model in TOOLKITS[toolkit]]
    rows = rows.clicked() if model == "dssm" else rows
    with tempfile.TemporaryDirectory() as folder:
        rows.save(Path(folder) / "rows.npz")
        found = [
            {toolkit: epoch(toolkit, model, Path(folder), python, threads) for toolkit in able} for _ in range(rounds)
        ]
    return [line(model, toolkit, found) for toolkit in able]


def line(model: str, toolkit: str, found: Sequence[Mapping[str, Epoch]]) -> list[str]:
    own = [turn[toolkit] for turn in found]
    rates, cpu = [e.rows / e.seconds for e in own], [1000 * e.cpu / e.steps for e in own]
    ours = [turn.get("blockrec") for turn in found]
    faster = [o.seconds / b.seconds for o, b in zip(own, ours, strict=True) if b]
    cheaper = [o.cpu / b.cpu for o, b in zip(own, ours, strict=True) if b]
    return [
        model,
        toolkit,
        f"{statistics.median(rates):,.0f}",
        f"{1 / statistics.median(faster):.2f}" if faster else "",
        f"{statistics.median(cpu):.0f}",
        f"{statistics.median(cheaper):.1f}" if cheaper else "",
        f"{100 * statistics.median(e.loading / e.seconds for e in own):.0f}%",
        f"{max(e.peak for e in own) / 2**20:,.0f}",
        f"{own[0].parameters:,}",
    ]


def epoch(toolkit: str, model: str, folder: Path, python: Path, threads: int) -> Epoch:
    """One epoch in a process of its own."""
    own = folder / toolkit
    own.mkdir(exist_ok=True)
    command = [python, "-m", f"tools.peers.{toolkit}_epoch", model, folder / "rows.npz", own, threads]
    places = {"PYTHONPATH": str(HERE.parent), "XDG_CACHE_HOME": str(own)}
    variables = os.environ | places | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run([*map(str, command)], cwd=own, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{toolkit} {model}:\n{done.stderr[-3000:]}")
    return Epoch(**json.loads(done.stdout.splitlines()[-1]))


def environment() -> Path:
    """Python of the environment with the peers, which is made if it is not there."""
    wanted = (HERE / "bench_peers.txt").read_text("utf-8")
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "blockrec-peers"
    python, made = folder / "bin" / "python", folder / "installed.txt"
    if not made.exists() or made.read_text("utf-8") != wanted + sys.executable:
        print(f"installs the peers into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        own = subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        )
        (Path(own.strip()) / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "bench_peers.txt"], check=True)
        made.write_text(wanted + sys.executable)
    return python


if __name__ == "__main__":
    main()
