"""Hardening of every answer, and of the one HTML page that Streamlit serves: language, title, own scripts, content
policy.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import i18n
from dashboard.i18n import Language
from dashboard.web import wiring
from dashboard.web.gate import READ_LANGUAGE

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_MODULE = '<script type="module"'
_LIMIT = 1_000_000


class Shell:
    """Adds security headers to every answer, and rewrites the page that Streamlit serves. Outermost layer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.policy = content_policy(INDEX.read_text(encoding="utf-8"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _asks_for_a_page(scope):
            # Streamlit would compress the page before it comes by here.
            scope["headers"] = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
        await self.app(scope, receive, _Rewriter(self.policy, scope, send))


def _asks_for_a_page(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


class _Rewriter:
    """Passes an answer on; one that is Streamlit's page is held back until it is whole, and rewritten."""

    def __init__(self, policy: str, scope: Scope, send: Send) -> None:
        self.policy, self.scope, self.send = policy, scope, send
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._harden(message)
            if self._is_page(message):
                self.start = message
                return
        elif self.start is not None and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if message.get("more_body") and len(self.body) < _LIMIT:
                return
            await self._send_page()
            return
        await self.send(message)

    def _is_page(self, message: Message) -> bool:
        headers = MutableHeaders(raw=message["headers"])
        is_html = headers.get("content-type", "").startswith("text/html")
        is_ours = str(self.scope["path"]).startswith("/account/")
        is_plain = "content-encoding" not in headers
        return is_html and is_plain and not is_ours and message["status"] == 200

    async def _send_page(self) -> None:
        assert self.start is not None
        language: Language = self.scope.get(READ_LANGUAGE, "zh")
        page = rewritten(self.body.decode("utf-8"), language).encode()
        headers = MutableHeaders(raw=self.start["headers"])
        for name in ("etag", "last-modified"):
            del headers[name]
        headers["cache-control"] = "no-store"
        headers["content-length"] = str(len(page))
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": b"" if self.scope["method"] == "HEAD" else page})
        self.start = None

    def _harden(self, message: Message) -> None:
        headers = MutableHeaders(raw=message["headers"])
        headers["content-security-policy"] = self.policy
        headers["x-content-type-options"] = "nosniff"
        headers["x-frame-options"] = "DENY"
        headers["referrer-policy"] = "same-origin"
        headers["permissions-policy"] = "camera=(), microphone=(), geolocation=()"
        headers["cross-origin-opener-policy"] = "same-origin"
        if wiring.house().settings.is_https:
            headers["strict-transport-security"] = "max-age=31536000"


def content_policy(page: str) -> str:
    """Own scripts only, and the inline ones of the page, each by its hash, which changes with every version of
    Streamlit.
    """
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in _INLINE.findall(page))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "media-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


@cache
def rewritten(page: str, language: Language) -> str:
    """Streamlit's page with the language, the title and the icon of the product, and with our scripts before its own."""
    page = re.sub(r'<html lang="[^"]*"', f'<html lang="{i18n.HTML_NAMES[language]}"', page, count=1)
    page = re.sub(r"<title>.*?</title>", f"<title>{escape(i18n.text(language, 'app.name'))}</title>", page, count=1)
    page = re.sub(r'<link rel="shortcut icon" href="[^"]*"', '<link rel="icon" href="/look/icon.png"', page, count=1)
    page = re.sub(r'<!--.*?-->|<link rel="service-desc"[^>]*>', "", page, flags=re.S)
    page = re.sub(
        r"<noscript>.*?</noscript>", f"<noscript>{i18n.text(language, 'app.needs_script')}</noscript>", page, flags=re.S
    )
    scripts = [f'<script src="/look/words.{language}.js"></script>'] if language != "en" else []
    scripts.append('<script src="/look/chrome.js"></script><link rel="stylesheet" href="/look/look.css">')
    return page.replace(_MODULE, "".join(scripts) + _MODULE, 1)


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()
