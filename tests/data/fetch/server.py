"""An HTTP server on this machine that behaves as badly as it is told."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """A file and how it is served.

    cuts: after how many bytes each of the next connections is broken off. answers: status codes of the next requests,
    before any content. ranges: whether a part is given on request. requests: the header `Range` of each request.
    """

    content: bytes
    cuts: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    ranges: bool = True
    tag: str = '"one"'
    says_length: bool = True
    requests: list[str | None] = field(default_factory=list)


class Server:
    """`files`: path → what is served there; `url` is the address of a path."""

    def __init__(self, port: int, files: dict[str, Served]) -> None:
        self.port, self.files = port, files

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def serve(self, path: str, content: bytes, **how: Any) -> Served:
        self.files[path] = Served(content, **how)
        return self.files[path]


@contextmanager
def serving() -> Iterator[Server]:
    """A server in a thread of its own."""
    files: dict[str, Served] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served = files.get(self.path.lstrip("/"))
            if served is None:
                self.send_error(404)
                return
            served.requests.append(self.headers["Range"])
            if served.answers:
                self.send_error(served.answers.pop(0))
                return
            self._send(served)

        def _send(self, served: Served) -> None:
            content, start = served.content, self._start(served)
            if start > len(content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if served.says_length:
                self.send_header("Content-Length", str(len(content) - start))
            self.send_header("ETag", served.tag)
            self.end_headers()
            rest = content[start:]
            self.wfile.write(rest[: served.cuts.pop(0)] if served.cuts else rest)

        def _start(self, served: Served) -> int:
            """Where to begin: a part is of no use to one who has the beginning of another version."""
            asked = re.match(r"bytes=(\d+)-", self.headers["Range"] or "")
            same = self.headers["If-Range"] in (None, served.tag)
            return int(asked[1]) if asked and served.ranges and same else 0

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Server(server.server_address[1], files)
        finally:
            server.shutdown()
            thread.join()
