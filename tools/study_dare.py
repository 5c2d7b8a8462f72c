"""Questions about decoupled embeddings, one command each: trainings over several seeds, a table, and a picture.

    python -m tools.study_dare                      list the questions
    python -m tools.study_dare width [--data planted_interests] [--seeds 1 2 3] [--jobs 2] [--steps 200]
    python -m tools.study_dare tables --data online_retail --root FOLDER
    python -m tools.study_dare --page               write the tables of docs/decoupled.md again, without training

A cell is mean ± standard deviation over the seeds; p is that of a paired t-test of the AUC against the first line of
its block. Results are kept in `docs/studies/`, a file a card, so that an interrupted study goes on and questions share
trainings: to measure anew, remove the file. `--jobs` trainings run at once and divide the processors. With `--steps`
nothing is kept but in `runs/experiments/`.
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from blockrec.run.compare.paired import Paired
from tools.experiment import Trial, mean_and_deviation, table
from tools.study_plot import plotted
from tools.study_store import Store, complete, named
from tools.study_trials import Probe, conflict, retrieval, search

ROOT = Path(__file__).parents[1]
PAGE, STUDIES, TRIED = ROOT / "docs/decoupled.md", ROOT / "docs/studies", Path("runs/experiments")
PART = re.compile(r"(<!-- study: (\w+) (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
PLANTED, WIDTH = "planted_interests", 16
CARDS = (PLANTED, "movielens_100k", "online_retail", "complete_journey")
EACH_ATTENDED = ("graph.search={block: attend}",)


@dataclass(frozen=True)
class Block:
    """Trials that are compared with the first of them."""

    trials: Sequence[Trial]


@dataclass(frozen=True)
class Question:
    """doc: what is asked. planted: whether only generated data can answer. plot: columns that are drawn."""

    name: str
    blocks: Callable[[], list[Block]]
    columns: Sequence[str]
    probes: Sequence[Probe] = ()
    planted: bool = False
    plot: Sequence[str] = ()

    @property
    def doc(self) -> str:
        return inspect.cleandoc(self.blocks.__doc__ or "")


def _wide(dim: int) -> tuple[str, ...]:
    """Settings of a model with fields of `dim`; none for the zoo's own width."""
    return () if dim == WIDTH else (f"params.attention_dim={dim}", f"params.representation_dim={dim}")


def gain() -> list[Block]:
    """What do two sets of tables gain over one, at equal width and at as many parameters?"""
    trials = [
        Trial("DARE", "dare"),
        Trial("TWIN, equal width", "twin"),
        Trial("TWIN, equal parameters", "twin", sets=_wide(32)),
    ]
    return [Block(trials)]


def width() -> list[Block]:
    """How narrow may attention be, which is what a search pays for? TWIN has to narrow its only set of tables."""
    shares = {16: 100, 12: 75, 8: 50, 4: 25}
    dare = [Trial(f"DARE, attention {share}%", "dare", sets=_wide(d)[:1]) for d, share in shares.items()]
    twin = [Trial(f"TWIN, all {share}%", "twin", sets=_wide(d)) for d, share in shares.items()]
    return [Block(dare), Block(twin)]


def tables() -> list[Block]:
    """Is one set of tables a role enough, or should the target have its own, too?"""
    more = [Trial(f"DARE, {n} sets", "dare", variants=(f"{n}_tables",)) for n in ("three", "four")]
    return [Block([Trial("DARE, two sets", "dare"), *more, Trial("TWIN, one set", "twin")])]


def product() -> list[Block]:
    """Does the head need the product of target and interest, and does that depend on how many items there are?"""
    models, sizes = ("dare", "twin"), (500, 4000, 32_000)
    return [Block(_with_and_without(model, items)) for items in sizes for model in models]


def _with_and_without(model: str, items: int) -> list[Trial]:
    name, sets = f"{model.upper()}, {items:,} items", (f"data.generate.{PLANTED}.items={items}",)
    return [Trial(name, model, sets=sets), Trial(f"{name}, no product", model, variants=("no_tr",), sets=sets)]


def calibration() -> list[Block]:
    """Are projections in place of tables over-confident, and at which width?"""
    return [Block([*_projected(dim)]) for dim in (4, 8, 16, 32, 64)]


def _projected(dim: int) -> list[Trial]:
    sets = _wide(dim)
    kinds = {"DARE": ("dare", ()), "TWIN": ("twin", ()), "TWIN, projected": ("twin", ("project_fields",))}
    return [Trial(f"{name}, width {dim}", model, None, variants, sets) for name, (model, variants) in kinds.items()]


def stages() -> list[Block]:
    """What does retrieving k behaviours first cost in AUC, and what does it save, over the length of the history?"""
    sizes = {200: (4000, 8, 512), 2000: (2000, 4, 128), 10_000: (800, 8, 32)}
    return [Block([*_stages(length, *size)]) for length, size in sizes.items()]


def _stages(length: int, users: int, impressions: int, batch: int) -> list[Trial]:
    planted = f"data.generate.{PLANTED}={{users: {users}, impressions: {impressions}, history: {length}}}"
    sets = (planted, f"features.behaviors.max_len={length}", f"data.batch_size={batch}")
    return [
        Trial(f"two stages, T {length:,}", "dare", sets=sets),
        Trial(f"two stages, no auxiliary loss, T {length:,}", "dare", variants=("no_aux",), sets=sets),
        Trial(f"one stage, T {length:,}", "dare", variants=("no_aux",), sets=(*sets, *EACH_ATTENDED)),
    ]


def pull() -> list[Block]:
    """Do attention and representation pull a row apart in one set of tables, and where would they pull in two?"""
    return [Block([Trial("TWIN", "twin"), Trial("DARE", "dare"), Trial("DIN", "din")])]


def rivals() -> list[Block]:
    """Which of the models for long histories tells most, and how fast does each learn?"""
    models = ("dare", "twin", "din", "sim", "eta", "sdim", "twin_heads", "twin_v2")
    return [Block([Trial(model, model) for model in models])]


def patch() -> list[Block]:
    """Decoupling as a patch: what does it do to models that were published with one set of tables?"""
    own = {"sets": ("params.attention_table=attention", "params.representation_table=representation")}
    towers = {"variants": ("decoupled",)}
    kinds: dict[str, tuple[str, tuple[str, ...], Mapping[str, tuple[str, ...]]]] = {
        "DIN, retrieving": ("din", (), own),
        "DIN": ("din", ("classic",), own),
        "TWIN": ("twin", (), own),
        "MultiTowerDIN": ("multi_tower_din", (), towers),
        "MultiTower, self-attention": ("multi_tower_din", ("self_attention",), towers),
    }
    return [
        Block([_patched(name, model, variants, {}), _patched(f"{name}, decoupled", model, variants, more)])
        for name, (model, variants, more) in kinds.items()
    ]


def _patched(name: str, model: str, variants: tuple[str, ...], more: Mapping[str, tuple[str, ...]]) -> Trial:
    return Trial(name, model, None, (*variants, *more.get("variants", ())), more.get("sets", ()))


QUESTIONS = {
    question.name: question
    for question in (
        Question("gain", gain, ("auc", "ndcg"), (retrieval,)),
        Question("width", width, ("auc", "ndcg", "search ms"), (retrieval, search), plot=("auc", "ndcg", "search ms")),
        Question("tables", tables, ("auc", "ndcg"), (retrieval,)),
        Question("product", product, ("auc",), planted=True),
        Question("calibration", calibration, ("auc", "logloss", "ece")),
        Question("stages", stages, ("auc", "search ms", "CPU s"), (search,), planted=True),
        Question(
            *("pull", pull, ("opposed steps", "opposed rows", "cosine", "attention norm", "rest norm")), (conflict,)
        ),
        Question("rivals", rivals, ("auc", "logloss", "CPU s")),
        Question("patch", patch, ("auc", "opposed steps", "search ms"), (conflict, search)),
    )
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("question", nargs="?", choices=QUESTIONS)
    arguments.add_argument("--data", choices=CARDS, default=PLANTED)
    arguments.add_argument("--root", help="where the files of the card are")
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trainings at once")
    arguments.add_argument("--steps", type=int, help="train so many steps only, to try the tool")
    arguments.add_argument("--page", action="store_true", help="write the tables of the page again")
    chosen = arguments.parse_args()
    if chosen.page:
        PAGE.write_text(current(PAGE.read_text("utf-8")), "utf-8")
        return
    if chosen.question is None:
        print("\n".join(f"{name:<12} {question.doc}" for name, question in QUESTIONS.items()))
        return
    question = QUESTIONS[chosen.question]
    if question.planted and chosen.data != PLANTED:
        arguments.error(f"`{question.name}` changes how data are generated: --data {PLANTED}")
    path = TRIED / f"{chosen.data}-{chosen.steps}-steps" if chosen.steps else STUDIES / chosen.data
    store, blocks = Store(path.with_suffix(".jsonl")), trials(question, chosen.data, chosen.steps)
    sets = (f"data.root={Path(chosen.root).resolve()}",) if chosen.root else ()
    complete(store, [t for block in blocks for t in block], chosen.seeds, probes_of, chosen.jobs, sets)
    print(f"{question.doc}\n\n{answer(question, store, blocks, chosen.data)}")
    if question.plot:
        path.with_name(f"{question.name}-{path.name}.svg").write_text(plotted(store, blocks, question.plot), "utf-8")


def current(page: str) -> str:
    """`page` with every table as the results that are kept have it."""

    def made(part: re.Match[str]) -> str:
        question, card = QUESTIONS[part[2]], part[3]
        return f"{part[1]}{answer(question, Store(STUDIES / f'{card}.jsonl'), trials(question, card), card)}\n{part[4]}"

    return PART.sub(made, page)


def trials(question: Question, card: str, steps: int | None = None) -> list[list[Trial]]:
    """Blocks of trials, of which the first is what others are compared with."""
    return [[replace(t, card=card, steps=steps) for t in block.trials] for block in question.blocks()]


def probes_of(trial: Trial) -> list[Probe]:
    """What any question wants to know of such a trial, so that it is trained once."""
    asking = [q for q in QUESTIONS.values() if named(trial) in {named(t) for b in q.blocks() for t in b.trials}]
    return list(dict.fromkeys(probe for question in asking for probe in question.probes))


def answer(question: Question, store: Store, blocks: Sequence[Sequence[Trial]], card: str) -> str:
    """The table; a trial that was not run is no line of it."""
    rows = [row(question, store, t, block[0]) for block in blocks for t in block if store.values(t, "auc")]
    return table([card, *question.columns, "difference of AUC", "p"], rows)


def row(question: Question, store: Store, trial: Trial, first: Trial) -> list[str]:
    """One line of the table."""
    cells = [_cell(list(store.values(trial, column).values())) for column in question.columns]
    alone = named(trial) == named(first)
    against = None if alone else Paired.of("auc", store.values(trial, "auc"), store.values(first, "auc"))
    return [
        trial.name,
        *cells,
        *([f"{against.mean:+.4f}", f"{against.p:.3f}" if against.p >= 0.001 else "< 0.001"] if against else ["", ""]),
    ]


def _cell(values: list[float]) -> str:
    if not values:
        return "-"
    mean = statistics.fmean(values)
    if mean > 10:
        return f"{mean:,.0f} ± {statistics.stdev(values) if len(values) > 1 else 0:,.0f}"
    return f"{mean:.2e}" if 0 < abs(mean) < 1e-2 else mean_and_deviation(values)


if __name__ == "__main__":
    main()
