"""A file from an address: in pieces, going on where an earlier attempt was cut off."""

from __future__ import annotations

import contextlib
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from blockrec import __version__
from blockrec.diagnostics import BlockrecError, fail

Progress = Callable[[str, int, "int | None"], None]
"""Called with a file name, the bytes that are there, and how many there will be, if the server says so."""

PIECE = 1 << 18
ATTEMPTS = 5
"""Connections in a row that bring nothing, before the download is given up."""
TIMEOUT = 60.0
_BUSY = {408, 425, 429, 500, 502, 503, 504}
"""Answers after which a server may still give the file."""


class Cut(Exception):
    """The connection ended early, or there was none; another one may go on."""


@dataclass(frozen=True)
class Download:
    """One file from `url` to `target`, by way of `target.part`.

    size: bytes that it should have, None if unknown. wait: seconds before the second attempt, doubled from then on.
    """

    url: str
    target: Path
    size: int | None = None
    progress: Progress = lambda *_: None
    wait: float = 1.0

    @property
    def part(self) -> Path:
        """What has arrived so far."""
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def tag(self) -> Path:
        """The server's word for the version of the file that `part` is of."""
        return self.target.with_name(f"{self.target.name}.tag")

    def run(self) -> bool:
        """Get the file; whether a part of an earlier attempt was used. Raises `BlockrecError` (E506) if it cannot be
        had; what has arrived then stays for the next attempt.
        """
        self.target.parent.mkdir(parents=True, exist_ok=True)
        resumed, idle, wait = self._have() > 0, 0, self.wait
        while True:
            before = self._have()
            try:
                self._connect()
                break
            except Cut as cut:
                idle = 0 if self._have() > before else idle + 1
                if idle == ATTEMPTS:
                    raise self._given_up(str(cut)) from None
                time.sleep(wait if idle else 0)
                wait = wait * 2 if idle else self.wait
        self.part.replace(self.target)
        self.tag.unlink(missing_ok=True)
        return resumed

    def discard(self) -> None:
        """Forget what has arrived."""
        for path in (self.part, self.tag, self.target):
            path.unlink(missing_ok=True)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _connect(self) -> None:
        """One connection, to the end of the file; raises `Cut` before."""
        with self._opened() as response:
            start = self._start(response)
            total = _length(response, start)
            if self.size is not None and total is not None and total != self.size:
                message = f"`{self.url}` has {total:,} bytes, not the published {self.size:,}"
                raise fail("E506", message, help="it has been replaced, or the address leads to something else")
            self._store(response, start, total)
        if total is not None and self._have() < total:
            raise Cut(f"the connection ended after {self._have():,} of {total:,} bytes")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[HTTPResponse]:
        headers = {"User-Agent": f"blockrec/{__version__}"}
        if self._have():
            headers["Range"] = f"bytes={self._have()}-"
            if tag := self.tag.read_text("utf-8") if self.tag.exists() else "":
                headers["If-Range"] = tag
        request = urllib.request.Request(self.url, headers=headers)  # noqa: S310 - the scheme was checked
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310 - the same
                yield response
        except urllib.error.HTTPError as error:
            raise self._refused(error) from None
        except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
            raise Cut(str(getattr(error, "reason", error)) or type(error).__name__) from None

    def _refused(self, error: urllib.error.HTTPError) -> Exception:
        """What an answer that is not the file means."""
        if error.code == 416 or error.code in _BUSY:
            if error.code == 416:  # more has arrived than the file has now
                self.discard()
            return Cut(f"the server answers {error.code} {error.reason}")
        message = f"`{self.url}`: the server answers {error.code} {error.reason}"
        help = "see the page of the data set for a new address, and give it by --url"
        return fail("E506", message, help=help)

    def _start(self, response: HTTPResponse) -> int:
        """Where the bytes that follow belong."""
        tag = response.headers.get("ETag", "")
        self.tag.write_text("" if tag.startswith("W/") else tag or response.headers.get("Last-Modified", ""), "utf-8")
        return _range_start(response) if response.status == 206 else 0

    def _store(self, response: HTTPResponse, start: int, total: int | None) -> None:
        with self.part.open("r+b" if self.part.exists() else "wb") as out:
            out.truncate(start)
            out.seek(start)
            try:
                while piece := response.read(PIECE):
                    out.write(piece)
                    self.progress(self.target.name, out.tell(), total)
            finally:
                out.flush()
                os.fsync(out.fileno())

    def _given_up(self, why: str) -> BlockrecError:
        have = f"; {self._have():,} bytes are kept for the next attempt" if self._have() else ""
        return fail("E506", f"`{self.url}` cannot be downloaded: {why}{have}", help="the same command again goes on")


def _range_start(response: HTTPResponse) -> int:
    """`bytes 10-99/100` → 10."""
    return int(response.headers.get("Content-Range", "bytes 0-").split()[-1].split("-")[0])


def _length(response: HTTPResponse, start: int) -> int | None:
    """Bytes of the whole file, None if the server does not say."""
    rest = response.headers.get("Content-Length")
    return None if rest is None else start + int(rest)
