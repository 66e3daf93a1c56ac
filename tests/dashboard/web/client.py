"""A browser for ASGI apps: headers, cookies, forms and websockets, and nothing that follows redirects by itself."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from gzip import decompress
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass
class Headers:
    raw: list[tuple[bytes, bytes]]

    def get_list(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self.raw if key.lower() == name.encode()]

    def get(self, name: str, default: str | None = None) -> str | None:
        return next(iter(self.get_list(name)), default)

    def __getitem__(self, name: str) -> str:
        return self.get_list(name)[0]

    def __contains__(self, name: str) -> bool:
        return bool(self.get_list(name))


@dataclass
class Answer:
    status_code: int
    headers: Headers
    body: bytes

    @property
    def content(self) -> bytes:
        return decompress(self.body) if self.body and self.headers.get("content-encoding") == "gzip" else self.body

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Refused(Exception):
    """A websocket was closed before it was accepted."""


class Client:
    def __init__(self, app: Any, base_url: str, headers: dict[str, str]) -> None:
        self.app, self.base, self.headers = app, urlsplit(base_url), headers
        self.cookies: dict[str, str] = {}

    def get(self, address: str, headers: dict[str, str] | None = None) -> Answer:
        return self._ask("GET", address, headers)

    def head(self, address: str, headers: dict[str, str] | None = None) -> Answer:
        return self._ask("HEAD", address, headers)

    def post(self, address: str, data: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Answer:
        form = {"content-type": "application/x-www-form-urlencoded"} | (headers or {})
        return self._ask("POST", address, form, urlencode(data or {}).encode())

    def websocket(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """What the app says first on a websocket, read as JSON. Raises ``Refused``."""
        sent = self._run(self._scope("websocket", path, headers or {}), [{"type": "websocket.connect"}])
        if sent[0]["type"] != "websocket.accept":
            raise Refused
        return json.loads(sent[1]["text"])

    def _ask(self, method: str, address: str, headers: dict[str, str] | None, body: bytes = b"") -> Answer:
        given = {"content-length": str(len(body))} | (headers or {}) if body else headers or {}
        scope = self._scope("http", address, given) | {"method": method}
        sent = self._run(scope, [{"type": "http.request", "body": body, "more_body": False}])
        start = next(message for message in sent if message["type"] == "http.response.start")
        whole = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
        answer = Answer(start["status"], Headers(start["headers"]), whole)
        self._keep_cookies(answer)
        return answer

    def _run(self, scope: dict[str, Any], incoming: list[dict[str, Any]]) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        # In a thread of its own: a browser test that ran before leaves a loop in this one.
        with ThreadPoolExecutor(1) as beside:
            beside.submit(asyncio.run, self.app(scope, receive, send)).result()
        return sent

    def _scope(self, kind: str, address: str, headers: dict[str, str]) -> dict[str, Any]:
        target = urlsplit(address)
        told = {"host": self.base.netloc, "accept-encoding": "gzip"} | self.headers | headers
        if self.cookies and "cookie" not in told:
            told["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {
            "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": self.base.scheme, "root_path": "",
            "path": target.path.replace("%2e", ".").replace("%2f", "/"), "raw_path": target.path.encode(),
            "query_string": target.query.encode(), "client": ("10.0.0.7", 1), "server": (self.base.hostname, 80),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in told.items()],
        }  # fmt: skip

    def _keep_cookies(self, answer: Answer) -> None:
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
