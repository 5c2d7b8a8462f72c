"""What attention learned about pairs of kinds and about places, beside what the data say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from blockrec.graph.ir import Graph
from blockrec.jagged import Jagged
from blockrec.language.features import Feature, Position
from blockrec.run.analyze.attention import no_attention, silenced
from blockrec.run.analyze.counting import information_of, planted_of
from blockrec.run.analyze.findings import Findings, Grids, Listing, Row
from blockrec.run.analyze.kinds import Ints, Kind, Steps, chosen_kind, no_kind, tables_beside
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.scores import scores_of
from blockrec.run.analyze.subject import Subject
from blockrec.run.analyze.truth import Bounds, Floats
from blockrec.run.batches import Batch, moved
from blockrec.run.modes import measuring


def _needs(subject: Subject) -> str | None:
    return no_attention(subject.model) or no_kind(subject.graph)


@analysis("attention", needs=_needs)
def attention(
    subject: Subject,
    *,
    by: str = "",
    targets: int = 5,
    kinds: int = 12,
    places: int = 15,
    samples: int = 700,
) -> Findings:
    """Does attention weigh kinds and places as their mutual information with the label?

    For the kinds of target with most training samples, a grid of (kind of behaviour, place from the end): the mutual
    information of that behaviour at that place with the label, and the model's score of it, by kind and place alone,
    after a softmax over the grid. Both are scaled to [0, 1] for each target, as the DARE paper shows them. Shown are
    the kinds of behaviour with most information. Where the truth of generated data is known, it stands beside.

    Args:
        by: the feature whose kinds are shown; default: the one that target and history share with the fewest rows.
        targets: so many kinds of target, those with most samples.
        kinds: so many kinds of behaviour, the target's own among them.
        places: so many newest places.
        samples: leave out targets with fewer training samples.
    """
    kind = chosen_kind(subject.graph, by)
    dataset = subject.dataset([kind.target, kind.behaviour])
    information = information_of(subject, dataset, kind, Bounds(samples, 0, 0))
    planted = planted_of(subject, dataset, kind)
    places = min(places, information.longest)
    counts = information.positive + information.negative
    chosen = [t for t in np.argsort(-counts)[:targets].tolist() if counts[t] >= samples and t > 0]
    names = _names(dataset.values[kind.root].values.to_pylist(), len(counts))
    template = next(subject.split(dataset, "train").batches(64))
    table: list[Row] = []
    figures = []
    for target in chosen:
        shown = _shown(information.relevance(_grid(target, np.arange(1, len(counts)), places)), target, kinds, places)
        steps = _grid(target, shown, places)
        grids = {"mutual information": information.relevance(steps).reshape(len(shown), places)}
        if planted is not None:
            grids["planted weight"] = planted.relevance(steps).reshape(len(shown), places)
        scores = _scores(subject, template, kind, target, shown, places)
        grids |= {node: _softmax(values) for node, values in scores.items()}
        table += _compared(names[target], grids)
        scaled = {name: _scaled(values).tolist() for name, values in grids.items()}
        title = f"{kind.root} {names[target]}"
        caption = "Rows: kind of the behaviour; columns: place from the end. Darker is more."
        figures.append(Grids(title, [names[b] for b in shown], [str(p) for p in range(1, places + 1)], scaled, caption))
    header = [kind.root, "grid of", "beside", "correlation", "rank correlation", "share of the top 10 found"]
    values = _means(table)
    summary: list[Row] = [["all", *pair.split(" ~ "), *numbers] for pair, numbers in values.items()]
    flat = {f"{name}/{pair}": x for pair, xs in values.items() for name, x in zip(MEASURES, xs, strict=True)}
    notes = [] if chosen else [f"No target has {samples:,} training samples: --with samples=N"]
    return Findings([Listing("agreement of grids", header, [*summary, *table])], figures, flat, notes)


MEASURES = ("correlation", "rank correlation", "found")


def _names(values: list[object], rows: int) -> list[str]:
    """By row of the table; row 0 and rows behind the values are shared."""
    return ["other", *map(str, values), *["other"] * (rows - 1 - len(values))]


def _grid(target: int, kinds: Ints, places: int) -> Steps:
    """Every (kind, place), kind after kind."""
    behaviour, place = np.repeat(kinds, places), np.tile(np.arange(1, places + 1), len(kinds))
    return Steps(np.full(len(place), target), behaviour, place, np.array([0, len(place)]))


def _shown(relevance: Floats, target: int, number: int, places: int) -> Ints:
    """The target's own kind first, then those with most information over all places."""
    order = 1 + np.argsort(-relevance.reshape(-1, places).sum(1), kind="stable")
    return np.array([target, *[k for k in order.tolist() if k != target][: number - 1]])


def _scores(
    subject: Subject, template: Batch, kind: Kind, target: int, shown: Ints, places: int
) -> Mapping[str, Floats]:
    """Of each node that scores, [kinds, places]: a sample a kind, whose history is that kind alone."""
    batch = moved(_repeated(subject.graph, template, kind, target, shown, places), subject.loaded.device)
    with measuring(subject.model), silenced(subject.model, tables_beside(subject.graph, kind)):
        found = scores_of(subject, batch, len(shown) * places)
    return {node: x.reshape(len(shown), places)[:, ::-1] for node, x in found.items()}


def _repeated(graph: Graph, template: Batch, kind: Kind, target: int, shown: Ints, places: int) -> Batch:
    """One sample a kind, alike but for the kind of their steps, which are `places`; other sequences are empty."""
    sequence = graph.features[kind.behaviour].sequence
    offsets, nothing = torch.arange(len(shown) + 1) * places, torch.zeros(len(shown) + 1, dtype=torch.int64)
    batch: dict[str, torch.Tensor | Jagged] = {}
    for name, value in template.items():
        if not isinstance(value, Jagged):
            batch[name] = value[:1].cpu().expand(len(shown), *value.shape[1:]).clone()
            continue
        steps, feature = value.values[:1].cpu(), graph.features.get(name)
        if feature is None or feature.sequence != sequence:
            batch[name] = Jagged(steps[:0], nothing, 0)
        else:
            place = _places(feature, places)
            one = steps.expand(places, *steps.shape[1:]) if place is None else place
            batch[name] = Jagged(one.repeat(len(shown), *[1] * (one.dim() - 1)), offsets, places)
    batch[kind.target] = torch.full((len(shown),), target)
    batch[kind.behaviour] = Jagged(torch.from_numpy(np.repeat(shown, places)), offsets, places)
    return batch


def _places(feature: Feature, number: int) -> torch.Tensor | None:
    """[number] the places of the steps, if that is what the feature is."""
    if not isinstance(feature.source, Position):
        return None
    backwards = feature.source.direction == "from_end"
    return torch.arange(number, 0, -1) if backwards else torch.arange(1, number + 1)


def _softmax(values: Floats) -> Floats:
    found: Floats = np.exp(values - values.max())
    found /= found.sum()
    return found


def _scaled(values: Floats) -> Floats:
    found: Floats = values - values.min()
    return found / found.max() if found.any() else found


def _compared(target: str, grids: Mapping[str, Floats]) -> list[Row]:
    """Every learned grid with every true one, and the true ones with each other."""
    names = [*grids]
    return [
        [target, one, other, *_agreement(grids[one], grids[other])]
        for i, one in enumerate(names)
        for other in names[:i]
        if other in ("mutual information", "planted weight")
    ]


def _agreement(one: Floats, other: Floats) -> tuple[float, float, float]:
    left, right = one.reshape(-1), other.reshape(-1)
    top = [set(np.argsort(-x, kind="stable")[:10].tolist()) for x in (left, right)]
    ranks = [np.argsort(np.argsort(x, kind="stable"), kind="stable").astype(np.float64) for x in (left, right)]
    return _correlation(left, right), _correlation(*ranks), len(top[0] & top[1]) / max(1, len(top[1]))


def _correlation(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    if left.std() == 0 or right.std() == 0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def _means(table: list[Row]) -> dict[str, list[float]]:
    pairs: dict[str, list[list[float]]] = {}
    for _, one, other, *numbers in table:
        pairs.setdefault(f"{one} ~ {other}", []).append([float(x or 0) for x in numbers])
    return {pair: np.mean(rows, axis=0).tolist() for pair, rows in pairs.items()}
