"""Streamlit's own scripts, compressed: 10 MB become 3 MB at the first visit. Their names carry a hash, so they never
change.
"""

import gzip
from functools import lru_cache, partial
from pathlib import Path

import streamlit
from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_ROOT = Path(streamlit.__file__).parent / "static"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


class Squeeze:
    """Answers for the files below ``/static/`` that gain from compression, when the browser understands it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # Only names that were listed are ever opened, so a path cannot lead elsewhere.
        self.files = {
            f"/{path.relative_to(_ROOT).as_posix()}": path
            for path in _ROOT.rglob("static/**/*")
            if path.suffix in _KINDS and path.stat().st_size > 1000
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self.files.get(scope["path"]) if scope["type"] == "http" else None
        if file is None or scope["method"] not in ("GET", "HEAD") or not _takes_gzip(scope):
            await self.app(scope, receive, send)
            return
        body = await to_thread.run_sync(partial(_squeezed, file))
        headers = {"content-encoding": "gzip", "vary": "accept-encoding", "cache-control": _FOREVER}
        response = Response(b"" if scope["method"] == "HEAD" else body, media_type=_KINDS[file.suffix], headers=headers)
        response.headers["content-length"] = str(len(body))
        await response(scope, receive, send)


@lru_cache(maxsize=512)
def _squeezed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 6)


def _takes_gzip(scope: Scope) -> bool:
    return "gzip" in HTTPConnection(scope).headers.get("accept-encoding", "")
