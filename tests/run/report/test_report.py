"""The page of a run: whole, alone, small; also of a run that did not finish."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import blockrec
from blockrec.graph.compile import check
from blockrec.language.files import packaged_models
from blockrec.run import RunResult
from blockrec.run.report import write_report
from blockrec.run.report.style import confined
from blockrec.run.report.tables import LONGEST, code
from blockrec.viz import svg

VOID = {"meta", "path", "rect", "line", "circle", "br"}


class Reader(HTMLParser):
    """Checks that elements are closed in order; collects texts, ids and where attributes lead."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID or tag in ("line", "circle", "path", "rect"):
            self.open.append(tag)
        self._note(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._note(attrs)

    def _note(self, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given[key] or "" for key in ("src", "href") if key in given]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(path: Path) -> Reader:
    text = path.read_text("utf-8")
    reader = Reader()
    reader.feed(text.replace("<!doctype html>", ""))
    reader.close()
    assert reader.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    assert all(link.startswith("#") and link[1:] in reader.ids for link in reader.links)
    assert len(set(reader.ids)) == len(reader.ids)
    assert set(re.findall(r"https?://[^\"'<>\s]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\((?!#)|@import", text)
    assert len(text.encode()) < 300_000
    return reader


@pytest.fixture
def copy(little_run: Path, tmp_path: Path) -> Path:
    """A run directory to change."""
    path = tmp_path / "runs" / "little" / "one"
    shutil.copytree(little_run, path, symlinks=True)
    return path


def titles(page: Reader) -> list[str]:
    return [i for i in page.ids if i not in ("vh", "sh")]


def test_a_run_writes_its_page(little: RunResult, little_run: Path) -> None:
    page = read(little_run / "report.html")
    assert titles(page) == [
        *("metrics", "curves", "watched-values", "time", "model", "data", "configuration", "environment", "log")
    ]
    text = " ".join(page.texts)
    for path, value in little.metrics.items():
        assert f"{value:.4f}" in text and path.split("/")[-1] in text
    assert "finished, with alarms" in text and "std >= 0" in text
    assert f"{little.facts['parameters']['dense']:,} dense parameters" in text
    assert "planted_interests" in text and "behaviors" in text and "torch" in text


def test_every_measurement_is_a_point_with_its_value(little_run: Path) -> None:
    text = (little_run / "report.html").read_text("utf-8")
    lines = [json.loads(line) for line in (little_run / "metrics.jsonl").read_text("utf-8").splitlines()]
    wanted = [x for x in lines if x.get("metric") in ("loss", "auc", "logloss")]
    assert len(wanted) == 8
    for x in wanted:
        assert f"<title>{x['split']}, step {x['step']}: {x['value']:.4g}</title>" in text


@pytest.mark.parametrize("lost", ["result.json", "metrics.jsonl", "graph.svg", "data.json", "env.json", "log.txt"])
def test_a_file_that_is_missing_or_broken_leaves_its_part_out(copy: Path, lost: str) -> None:
    (copy / lost).write_bytes(b'{"step": 1, \xff\xfe cut')
    broken = titles(read(write_report(copy)))
    (copy / lost).unlink()
    assert titles(read(write_report(copy))) == broken


def test_a_run_that_stopped_shows_the_end_of_its_log(copy: Path) -> None:
    (copy / "result.json").unlink()
    with (copy / "log.txt").open("a", encoding="utf-8") as log:
        log.write("error[E701]: the loss is nan at step 7\n")
    text = " ".join(read(write_report(copy)).texts)
    assert "not finished" in text and "the loss is nan at step 7" in text


def test_a_run_that_was_interrupted_says_how_far_it_came(copy: Path) -> None:
    result = json.loads((copy / "result.json").read_text("utf-8"))
    (copy / "result.json").write_text(json.dumps({**result, "interrupted": True, "steps": 3}), "utf-8")
    texts = read(write_report(copy)).texts
    assert "interrupted" in texts and f"of {result['training']['steps']} steps" in texts


def test_what_users_write_is_text(copy: Path) -> None:
    for name in ("model.yaml", "resolved.yaml", "log.txt"):
        (copy / name).write_text("doc: </pre><script>alert(1)</script> & so\n", "utf-8")
    result = json.loads((copy / "result.json").read_text("utf-8"))
    (copy / "result.json").write_text(json.dumps({**result, "name": "<script>x</script>"}), "utf-8")
    page = read(write_report(copy))
    assert "script" not in page.tags and any("alert(1)" in text for text in page.texts)


def test_a_long_run_of_a_large_model_stays_small(copy: Path) -> None:
    """Many curves with many points, many watched values, long files: the largest parts of the page are bounded."""
    found = {name: svg(graph) for name in packaged_models() if (graph := check(name)[1]) is not None}
    (copy / "graph.svg").write_text(max(found.values(), key=len), "utf-8")
    (copy / "resolved.yaml").write_text("".join(f"key{i}: value {i}\n" for i in range(20_000)), "utf-8")
    (copy / "log.txt").write_text("".join(f"step {i} of many\n" for i in range(20_000)), "utf-8")
    lines: list[dict[str, Any]] = []
    for step in range(1, 601):
        for metric in range(40):
            value = float("nan") if step % 50 == 0 else (step * 37 % 101) / 100 + metric
            lines.append({"step": step, "split": "valid", "task": "click", "metric": f"m{metric}", "value": value})
        for watch in range(20):
            for statistic in ("mean", "std", "min", "max"):
                name = f"watch.w{watch}.{statistic}"
                lines.append({"step": step, "split": "valid", "task": None, "metric": name, "value": step % 7})
            histogram = {"edges": [i / 30 for i in range(31)], "counts": [i * step for i in range(30)]}
            lines.append({"step": step, "split": "valid", "watch": f"w{watch}", "histogram": histogram})
    (copy / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    text = " ".join(read(write_report(copy)).texts)
    assert "16 more are in metrics.jsonl" in text and "10 more are in metrics.jsonl" in text


def test_the_first_figure_is_the_metric_that_picked_the_best(copy: Path) -> None:
    result = json.loads((copy / "result.json").read_text("utf-8"))
    assert result["picked_by"] == "valid/click/auc"
    result |= {"picked_by": "valid/click/logloss"}
    (copy / "result.json").write_text(json.dumps(result), "utf-8")
    page = write_report(copy).read_text("utf-8")
    assert page.index(">test/click/logloss<") < page.index(">test/click/auc<")


def test_calibration_is_drawn(copy: Path) -> None:
    curve = {"predicted": [0.1, None, 0.5], "observed": [0.2, None, 0.4], "counts": [10, 0, 1000]}
    line = {"step": 3, "epoch": 1, "split": "test", "task": "click", "metric": "ece", "reliability": curve}
    (copy / "metrics.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    page = read(write_report(copy))
    assert "calibration" in titles(page)
    assert "test: predicted 0.5, observed 0.4, 1,000 samples" in page.texts


def test_the_slowest_nodes_of_a_profile_are_first(copy: Path) -> None:
    nodes = [{"node": f"n{i}", "block": "mlp", "forward": i / 1000, "backward": 0.0} for i in range(30)]
    (copy / "profile.json").write_text(json.dumps({"nodes": nodes}), "utf-8")
    texts = [t for t in read(write_report(copy)).texts if re.fullmatch(r"n\d+", t)]
    assert texts == [f"n{i}" for i in range(29, 9, -1)]


def test_rules_of_a_picture_stay_inside() -> None:
    picture = "<svg><style>text{a:b}.x,.y z{c:d}@media (w){.q{e:f}}</style><text/></svg>"
    assert confined(picture, ".graph") == (
        "<svg><style>.graph text{a:b}.graph .x,.graph .y z{c:d}@media (w){.graph .q{e:f}}</style><text/></svg>"
    )


def test_the_middle_of_a_long_file_is_left_out() -> None:
    shown = code("first: 1\n" + "x" * 3 * LONGEST + "\nlast: 2")
    assert "<i>first</i>:" in shown and "<i>last</i>:" in shown and "are left out" in shown
    assert len(shown) < LONGEST + 500


def test_another_file_and_no_run(little_run: Path, tmp_path: Path) -> None:
    assert write_report(little_run, tmp_path / "x.html").read_bytes() == (little_run / "report.html").read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["x.html"]
    with pytest.raises(blockrec.BlockrecError, match="E009"):
        write_report(tmp_path / "nothing")
