"""The YAML language server that VS Code runs, spoken to over its standard streams."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown", "plaintext"]}},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {},
    },
    "workspace": {"configuration": True},
}


class LanguageServer:
    """One process; files are opened under a schema, then asked about places in them."""

    def __init__(self, command: list[str], schema: Path) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.count = 0
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}
        self.settings = {
            "yaml": {
                "schemas": {schema.as_uri(): ["*.yaml"]},
                "schemaStore": {"enable": False},
                "validate": True,
                "hover": True,
                "completion": True,
            }
        }
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": CAPABILITIES})
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": self.settings})

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def open(self, name: str, text: str) -> str:
        """Show a text to the server; returns its address."""
        uri = f"file:///somewhere/{name}"
        self.tell(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}},
        )
        return uri

    def mistakes(self, name: str, text: str) -> list[str]:
        """What the editor underlines in a text: `line: message`."""
        uri = self.open(name, text)
        while uri not in self.diagnostics:
            self._next()
        return [f"{d['range']['start']['line'] + 1}: {d['message']}" for d in self.diagnostics.pop(uri)]

    def completions(self, uri: str, line: int, column: int) -> dict[str, dict[str, Any]]:
        """What is offered at a place, counted from 0: label → item."""
        found = self.ask("textDocument/completion", _place(uri, line, column))
        return {item["label"]: item for item in (found["items"] if isinstance(found, dict) else found)}

    def hover(self, uri: str, line: int, column: int) -> str:
        """What is shown when the pointer rests on a place."""
        found = self.ask("textDocument/hover", _place(uri, line, column))
        contents = found["contents"] if found else ""
        return contents if isinstance(contents, str) else contents["value"]

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        self.count += 1
        number = self.count
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _next(self) -> dict[str, Any]:
        """The next message; what the server asks is answered, what it finds is kept."""
        stream, length = self.process.stdout, 0
        assert stream is not None
        while (line := stream.readline().strip()) != b"" or not length:
            assert line or self.process.poll() is None, "the language server has ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(stream.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:
            self._send({"id": message["id"], "result": self._answer(message)})
        return message

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        return [self.settings.get(item.get("section", "")) for item in message["params"]["items"]]


def _place(uri: str, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}
