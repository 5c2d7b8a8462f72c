"""DARE beside TWIN on planted data, over the conflict between attention and representation.

    python -m tools.planted_curve [--seeds 1 2 3] [--conflicts 0 0.25 0.5 0.75 1]

Three models a point: DARE; TWIN with the same dim per table, that is half the parameters; TWIN with twice the dim,
that is as many parameters in its tables as DARE. Test AUC, mean ± standard deviation over the seeds. Results are
kept in `runs/experiments/`, so that an interrupted experiment goes on.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from tools.experiment import Trial, outcomes, table

MODELS = {
    "DARE": ("dare", ()),
    "TWIN, equal dim": ("twin", ()),
    "TWIN, equal parameters": ("twin", ("params.attention_dim=32", "params.representation_dim=32")),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments.add_argument("--conflicts", type=float, nargs="+", default=[0, 0.25, 0.5, 0.75, 1])
    chosen = arguments.parse_args()
    store = Path("runs/experiments/planted_curve.jsonl")
    trials = [_trial(name, conflict) for conflict in chosen.conflicts for name in MODELS]
    found = outcomes(trials, chosen.seeds, store)
    rows = []
    for conflict in chosen.conflicts:
        auc = {name: found[f"{name} at {conflict:g}"].auc for name in MODELS}
        gaps = [statistics.mean(auc["DARE"]) - statistics.mean(auc[name]) for name in MODELS][1:]
        cells = [found[f"{name} at {conflict:g}"].cell() for name in MODELS]
        rows.append([f"{conflict:g}", *cells, *(f"{gap:+.4f}" for gap in gaps)])
    print(table(["conflict", *MODELS, "gain at equal dim", "gain at equal parameters"], rows))


def _trial(name: str, conflict: float) -> Trial:
    model, sets = MODELS[name]
    planted = f"data.generate.planted_interests.conflict={conflict:g}"
    return Trial(f"{name} at {conflict:g}", model, sets=(*sets, planted))


if __name__ == "__main__":
    main()
