"""A data set appears whole and compared, or not at all; the user's catalogue remembers first downloads."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from blockrec.data.fetch.alone import alone
from blockrec.data.fetch.catalogue import Entry, Remote, entry_of, names
from blockrec.data.fetch.fetch import Fetched, fetch, wanted
from blockrec.diagnostics import BlockrecError
from blockrec.language.files import packaged_cards
from tests.data.fetch.server import Server


def zipped(**files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return made.getvalue()


ARCHIVE = zipped(set__a="A", set__deep__b="B")
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


def entry(server: Server, holds: tuple[str, ...] = ("a", "deep/b"), **known: object) -> Entry:
    remote = Remote("set.zip", server.url("set.zip"), **known)  # type: ignore[arg-type]
    return Entry("set", "A set", "https://example.org", "Free.", (remote,), holds)


def got(found: Entry) -> list[Fetched]:
    return fetch(found, found.files, wait=0)


def content(folder: Path) -> dict[str, str]:
    """Text of each file but the lock."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != "lock"]
    return {str(p.relative_to(folder)): p.read_text() for p in files}


def left(data: Path) -> list[str]:
    """Names in the folder of data sets."""
    return sorted(p.name for p in data.iterdir())


@pytest.mark.parametrize(
    "known", [{"sha256": SHA256}, {"md5": hashlib.md5(ARCHIVE).hexdigest(), "bytes": len(ARCHIVE)}]
)
def test_a_published_checksum_is_compared(server: Server, data: Path, known: dict[str, object]) -> None:
    server.serve("set.zip", ARCHIVE, cuts=[10, 20])
    (found,) = got(entry(server, **known))
    assert (found.against, found.seen.sha256, found.seen.bytes) == ("published", SHA256, len(ARCHIVE))
    assert content(data / "set") == {"a": "A", "deep/b": "B"}
    assert left(data) == [".downloads", "catalogue.json", "set"] and not (data / ".downloads/set").exists()


@pytest.mark.parametrize("known", [{"sha256": "0" * 64}, {"md5": "0" * 32}])
def test_a_wrong_checksum_leaves_nothing(server: Server, data: Path, known: dict[str, object]) -> None:
    served = server.serve("set.zip", ARCHIVE)
    with pytest.raises(BlockrecError, match=r"error\[E506\]: `set.zip` has .*, not the one published, 000"):
        got(entry(server, **known))
    assert len(served.requests) == 1
    assert content(data) == {}


def test_a_splice_with_a_wrong_checksum_is_downloaded_anew(server: Server, data: Path) -> None:
    """The server does not say that it has another file now, of which half was there already."""
    part = data / ".downloads/set/set.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"nonsense")
    served = server.serve("set.zip", ARCHIVE)
    got(entry(server, sha256=SHA256))
    assert served.requests == ["bytes=8-", None]
    assert content(data / "set") == {"a": "A", "deep/b": "B"}


def test_a_first_download_is_recorded_and_the_next_compared(server: Server, data: Path) -> None:
    server.serve("set.zip", ARCHIVE)
    (first,) = got(entry(server))
    assert first.against == "nothing"
    assert json.loads((data / "catalogue.json").read_text())["set"]["set.zip"]["sha256"] == SHA256
    again = entry(server)
    for name in ("a", "deep/b"):
        (data / "set" / name).unlink()
    (data / "set/deep").rmdir()
    (data / "set").rmdir()
    assert [found.against for found in got(again)] == ["recorded"]
    (data / "set").rename(data / "old")
    server.serve("set.zip", zipped(a="other", deep__b="B"))
    with pytest.raises(BlockrecError, match="not the one recorded by the first download"):
        got(again)
    assert not (data / "set").exists()


def test_two_processes_do_not_write_one_file(server: Server, data: Path) -> None:
    pytest.importorskip("fcntl")
    served = server.serve("set.zip", ARCHIVE)
    with alone(data / ".downloads/set", "set"), pytest.raises(BlockrecError, match="another process is fetching `set`"):
        got(entry(server))
    assert served.requests == []
    got(entry(server))


def test_a_damaged_catalogue(server: Server, data: Path) -> None:
    server.serve("set.zip", ARCHIVE)
    data.mkdir()
    (data / "catalogue.json").write_text('{"set": ')
    with pytest.raises(BlockrecError, match=r"catalogue.json` is not what blockrec wrote there"):
        got(entry(server))


def test_every_name_is_that_of_a_card() -> None:
    """So that what was fetched can be used, and what a card wants can be fetched."""
    roots = [re.search(r"root: fetched:([\w/]+)", path.read_text("utf-8")) for path in packaged_cards().values()]
    assert {root[1].partition("/")[0] for root in roots if root} == {*names()}
    assert set(names()) <= set(packaged_cards())


def test_an_archive_without_what_the_card_reads(server: Server, data: Path) -> None:
    server.serve("set.zip", ARCHIVE)
    with pytest.raises(BlockrecError, match=r"`c` is not in what was downloaded for `set`(.|\n)*found a, deep/b"):
        got(entry(server, holds=("c",)))
    assert content(data) == {} and not (data / "set").exists()


@pytest.mark.parametrize("damage", [lambda x: x[:-30], lambda x: b"", lambda x: b"<html>log in</html>"])
def test_what_is_no_archive(server: Server, data: Path, damage) -> None:  # type: ignore[no-untyped-def]
    server.serve("set.zip", damage(ARCHIVE))
    with pytest.raises(BlockrecError, match=r"`set.zip` cannot be unpacked"):
        got(entry(server))
    assert content(data) == {}


def test_an_archive_that_writes_elsewhere(server: Server, data: Path, tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        info = tarfile.TarInfo("../../evil")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"evil"))
    server.serve("set.tar.gz", made.getvalue())
    remote = Remote("set.tar.gz", server.url("set.tar.gz"))
    with pytest.raises(BlockrecError, match="outside the archive"):
        fetch(entry(server), [remote], wait=0)
    assert not list(tmp_path.rglob("evil"))


def test_a_file_on_this_machine_and_another_address(server: Server, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.zip"
    path.write_bytes(ARCHIVE)
    known = entry(server, sha256=SHA256)
    (found,) = fetch(known, wanted(known, [str(path)]), wait=0)
    assert found.against == "published" and path.exists()
    with pytest.raises(BlockrecError, match="no file"):
        fetch(known, wanted(known, [str(tmp_path / "none.zip")]), wait=0)
    with pytest.raises(BlockrecError, match="neither http nor https"):
        fetch(known, wanted(known, ["ftp://example.org/set.zip"]), wait=0)


def test_a_set_without_addresses_takes_those_of_the_user(tmp_path: Path, data: Path) -> None:
    by_hand = entry_of("taobao_ad")
    with pytest.raises(BlockrecError, match="no address that can be downloaded without an account"):
        wanted(by_hand, [])
    paths = [tmp_path / name for name in by_hand.holds]
    for path in paths:
        path.write_text(path.name)
    fetch(by_hand, wanted(by_hand, [str(path) for path in paths]))
    assert content(data / "taobao_ad") == {name: name for name in sorted(by_hand.holds)}


def test_one_of_several_files_from_elsewhere() -> None:
    mind = entry_of("mind_small")
    files = wanted(mind, ["http://mirror/MINDsmall_dev.zip?x=1"])
    assert [file.url.split("/")[2] for file in files] == ["huggingface.co", "mirror"]
    assert files[1].sha256 == mind.files[1].sha256
    with pytest.raises(BlockrecError, match=r"`dev.zip` is not one of the files"):
        wanted(mind, ["http://mirror/dev.zip"])


def test_every_entry_of_the_catalogue() -> None:
    """Addresses are https, checksums have their lengths, and every part has its own."""
    for name, parts in names().items():
        for full in [f"{name}/{part}" for part in parts] or [name]:
            found = entry_of(full)
            assert found.title and found.licence and found.page.startswith("https://") and found.holds
            for file in found.files:
                assert file.url.startswith("https://") and "{" not in file.url + "".join(found.holds)
                assert len(file.sha256 or "0" * 64) == 64 and len(file.md5 or "0" * 32) == 32
    assert entry_of("amazon_2023/Video_Games").files[0].sha256 != entry_of("amazon_2023/CDs_and_Vinyl").files[0].sha256
    assert entry_of("amazon_2023/Software").files[0].sha256 is None


@pytest.mark.parametrize("name", ["movielens", "amazon_2023", "amazon_2023/Video_Gams", "criteo/x"])
def test_an_unknown_name(name: str) -> None:
    with pytest.raises(BlockrecError, match="E111"):
        entry_of(name)
