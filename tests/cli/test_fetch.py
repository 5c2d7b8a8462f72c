"""`blockrec fetch` from a server on this machine: shows terms, asks, downloads, says what it compared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from blockrec.data.fetch import catalogue
from tests.cli.conftest import Run
from tests.data.fetch.server import Server, serving

CONTENT = b"label\t1\n"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BLOCKREC_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Of a server that has the one file of the set `small`."""
    with serving() as server:
        server.serve("train.txt", CONTENT)
        raw = {"title": "A small set", "page": "https://example.org", "licence": "Do not eat.", "holds": ["train.txt"]}
        monkeypatch.setattr(
            catalogue, "_packaged", lambda: {"small": {**raw, "files": [{"url": server.url("train.txt")}]}}
        )
        yield server


def test_fetching_twice(blockrec: Run, data: Path, address: Server) -> None:
    ended = blockrec("fetch", "small", "--accept-licence")
    assert ended.code == 0, ended.err
    assert "Do not eat." in ended.err
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert f"train.txt: sha256 {sha256} is published nowhere that is known; it is in {data}" in ended.out
    assert (data / "small/train.txt").read_bytes() == CONTENT
    assert blockrec("fetch", "small").out == f"{data / 'small'} is there\n"


def test_terms_have_to_be_accepted(blockrec: Run, data: Path, address: Server) -> None:
    ended = blockrec("fetch", "small")
    assert ended.code == 3
    assert "--accept-licence" in ended.err and not data.exists()
    assert "Do not eat." in blockrec("fetch", "small", "-q").err, "who accepts has seen them"


def test_json(blockrec: Run, data: Path, address: Server) -> None:
    (listed,) = json.loads(blockrec("fetch", "--json").out)
    assert (listed["name"], listed["state"]) == ("small", "can be fetched")
    found = json.loads(blockrec("fetch", "small", "--accept-licence", "--json").out)
    assert found["folder"] == str(data / "small")
    assert [(f["name"], f["compared_with"]) for f in found["files"]] == [("train.txt", "nothing")]
    assert json.loads(blockrec("fetch", "--json").out)[0]["state"] == "here"


def test_what_fails_is_the_environment(blockrec: Run, data: Path, address: Server) -> None:
    ended = blockrec("fetch", "small", "--accept-licence", "--url", address.url("nothing"))
    assert ended.code == 4 and "error[E506]" in ended.err and "answers 404" in ended.err


def test_the_list(blockrec: Run, data: Path) -> None:
    lines = blockrec("fetch").out.splitlines()
    assert any(line.startswith("amazon_2023/PART") and "can be fetched" in line for line in lines)
    assert any(line.startswith("tmall ") and "by hand" in line for line in lines)
    assert blockrec("fetch", "tmal").err.splitlines()[1] == "  = help: did you mean `tmall`?"
