"""The gate: every request and every websocket is asked who it is. Pure ASGI, because others never see websockets."""

from functools import partial
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.work import logins
from core.work.logins import Visitor
from dashboard.web import cookies, wiring
from dashboard.web.languages import preferred

TRUSTED = "x-siyu-"
"""Headers of this prefix are believed by everything behind the gate, so nobody may bring them along."""
VISITOR = "siyu.visitor"
READ_LANGUAGE = "siyu.language"
LOGIN, PASSWORD = "/account/login", "/account/password"
_PUBLIC = ("/healthz", "/favicon.png", "/_stcore/health", LOGIN, "/account/language", "/account/ping")
_PUBLIC_FOLDERS = ("/static/", "/look/")
_MACHINE_FOLDERS = ("/_stcore/", "/media/", "/component/", "/auth/")


class Gate:
    """Lets in who is logged in, and tells the pages who it is by headers that only the gate can set."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = str(scope["path"])
        if path.startswith(_PUBLIC_FOLDERS):
            await self.app(_told(scope, None), receive, send)
            return
        who = await _visitor(scope)
        scope[VISITOR] = who
        scope[READ_LANGUAGE] = preferred(scope, who)
        if _may_pass(path, who):
            elsewhere = _flat(scope) if who is not None else None
            await (elsewhere or self.app)(_told(scope, who), receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4401, "reason": ""})
        else:
            await _refusal(scope, who)(scope, receive, send)


async def _visitor(scope: Scope) -> Visitor | None:
    token = cookies.read(scope, cookies.session_name(wiring.house().settings))
    if not token:
        return None
    return await to_thread.run_sync(partial(logins.visitor, wiring.accounts_store(), token, now=wiring.now()))


def _may_pass(path: str, who: Visitor | None) -> bool:
    if path in _PUBLIC:
        return True
    if who is None:
        return False
    return not who.must_change_password or path.startswith("/account/")


def _told(scope: Scope, who: Visitor | None) -> Scope:
    headers = [(key, value) for key, value in scope["headers"] if not key.lower().startswith(TRUSTED.encode())]
    if who is not None:
        headers.append((f"{TRUSTED}account".encode(), str(who.operator.account_id).encode()))
        headers.append((f"{TRUSTED}session".encode(), str(who.session_id).encode()))
    # The same dictionary, not a copy: what is noted in it here is read by the layers outside the gate.
    scope["headers"] = headers
    return scope


def _flat(scope: Scope) -> Response | None:
    """Leads from a page's address of several parts to one of a single part: from others Streamlit's page does not find its own
    scripts, and nothing would be shown. None where the address may stay."""
    path = str(scope["path"])
    if path.startswith((*_PUBLIC_FOLDERS, *_MACHINE_FOLDERS, "/account/")) or not _asks_for_a_page(scope):
        return None
    flat = "/" + "-".join(part for part in path.split("/") if part)
    return None if flat == path else RedirectResponse(quote(flat) + _query(scope), 307)


def _asks_for_a_page(scope: Scope) -> bool:
    is_get = scope["type"] == "http" and scope["method"] == "GET"
    return is_get and "text/html" in HTTPConnection(scope).headers.get("accept", "")


def _query(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return "?" + query if query else ""


def _refusal(scope: Scope, who: Visitor | None) -> Response:
    path = str(scope["path"])
    if path.startswith(_MACHINE_FOLDERS) or not _asks_for_a_page(scope):
        return JSONResponse({"error": "login.over"}, 401)
    if who is not None:
        return RedirectResponse(PASSWORD, 303)
    wanted = path + _query(scope)
    return RedirectResponse(LOGIN if wanted == "/" else f"{LOGIN}?next={quote(wanted, safe='')}", 303)
