"""Whatever the connection does, a file arrives whole or not at all."""

from __future__ import annotations

import errno
import random
import socket
from pathlib import Path

import pytest

from blockrec.data.fetch.download import ATTEMPTS, Download
from blockrec.diagnostics import BlockrecError
from tests.data.fetch.server import Server

CONTENT = random.Random(0).randbytes(300_000)


def download(server: Server, folder: Path, **more: object) -> Download:
    return Download(server.url("file"), folder / "file", wait=0, **more)  # type: ignore[arg-type]


def test_a_file_arrives(server: Server, tmp_path: Path) -> None:
    server.serve("file", CONTENT)
    seen: list[tuple[str, int, int | None]] = []
    assert not download(server, tmp_path, progress=lambda *a: seen.append(a)).run()
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert seen[-1] == ("file", len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("ranges", [True, False])
def test_a_connection_that_is_cut_goes_on(server: Server, tmp_path: Path, ranges: bool) -> None:
    """From the byte where it ended; from the start if the server gives no parts."""
    served = server.serve("file", CONTENT, cuts=[100_000, 50_000, 0], ranges=ranges)
    download(server, tmp_path).run()
    assert (tmp_path / "file").read_bytes() == CONTENT
    if ranges:
        assert served.requests == [None, "bytes=100000-", "bytes=150000-", "bytes=150000-"]


def test_another_process_goes_on(server: Server, tmp_path: Path) -> None:
    """What is kept after the last attempt serves the next command."""
    served = server.serve("file", CONTENT, cuts=[120_000] + [0] * ATTEMPTS)
    with pytest.raises(BlockrecError, match="120,000 bytes are kept"):
        download(server, tmp_path).run()
    assert not (tmp_path / "file").exists()
    served.cuts.clear()
    assert download(server, tmp_path).run()
    assert served.requests[-1] == "bytes=120000-"
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_that_was_replaced_is_not_spliced(server: Server, tmp_path: Path) -> None:
    server.serve("file", b"x" * 200_000, cuts=[120_000] + [0] * ATTEMPTS)
    with pytest.raises(BlockrecError):
        download(server, tmp_path).run()
    server.serve("file", CONTENT, tag='"two"')
    download(server, tmp_path).run()
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_more_than_there_is(server: Server, tmp_path: Path) -> None:
    """A part that is longer than the file: from the start."""
    (tmp_path / "file.part").write_bytes(b"y" * 400_000)
    server.serve("file", CONTENT)
    download(server, tmp_path).run()
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_that_is_busy_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.serve("file", CONTENT, answers=[503, 429, 500])
    download(server, tmp_path).run()
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_without_a_length_the_end_is_the_end(server: Server, tmp_path: Path) -> None:
    server.serve("file", CONTENT, says_length=False)
    download(server, tmp_path).run()
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_of_another_size_is_not_even_begun(server: Server, tmp_path: Path) -> None:
    server.serve("file", CONTENT)
    with pytest.raises(BlockrecError, match="has 300,000 bytes, not the published 7"):
        download(server, tmp_path, size=7).run()
    assert not (tmp_path / "file").exists() and not (tmp_path / "file.part").exists()


def test_what_is_not_there_is_asked_for_once(server: Server, tmp_path: Path) -> None:
    served = server.serve("file", CONTENT, answers=[404, 404])
    with pytest.raises(BlockrecError, match="answers 404"):
        download(server, tmp_path).run()
    assert len(served.requests) == 1


def test_a_full_disk_keeps_what_has_arrived(server: Server, tmp_path: Path) -> None:
    """The error of the system passes; the next attempt goes on."""
    served = server.serve("file", CONTENT)

    def full(name: str, done: int, total: int | None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        download(server, tmp_path, progress=full).run()
    have = (tmp_path / "file.part").stat().st_size
    assert 0 < have < len(CONTENT)
    download(server, tmp_path).run()
    assert served.requests[-1] == f"bytes={have}-" and (tmp_path / "file").read_bytes() == CONTENT


def test_no_server(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(BlockrecError, match=r"error\[E506\].*cannot be downloaded: .*refused"):
        Download(f"http://127.0.0.1:{port}/file", tmp_path / "file", wait=0).run()
