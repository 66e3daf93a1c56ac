"""Routes below ``/account``: log in, log out, change the password, switch the language, ask whether one is still in."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from core.errors import InvalidPassword, Refusal, TooManyAttempts, WrongCredentials
from core.work import accounts, logins
from core.work.logins import Ticket, Visitor
from dashboard import i18n
from dashboard.i18n import LANGUAGES, Language
from dashboard.web import cookies, forms, wiring
from dashboard.web.gate import READ_LANGUAGE, VISITOR

T = TypeVar("T")
_LARGEST_FORM = 20_000
_HASHING = CapacityLimiter(2)
"""A log-in takes 46 MiB and a core for a moment; more than two at once would starve those who are in."""


async def login_page(request: Request) -> Response:
    onward = forms.inside(request.query_params.get("next"))
    if request.scope[VISITOR] is not None:
        return RedirectResponse(onward, 303)
    message = i18n.text(_language(request), "login.over") if request.query_params.get("over") else ""
    response = forms.login(_language(request), message=message, good=True, onward=onward)
    cookies.drop_session(response, wiring.house().settings)
    return response


async def log_in(request: Request) -> Response:
    form = await _form(request)
    name, onward = form.get("name", ""), forms.inside(form.get("next"))
    again = partial(forms.login, _language(request), name=name, onward=onward)
    if not forms.is_genuine(request, form.get("token")):
        return again(status=403, message=i18n.text(_language(request), "login.stale"))
    attempt = partial(logins.log_in, wiring.accounts_store(), name=name, password=form.get("password", ""))
    attempt = partial(attempt, language=_language(request))
    try:
        ticket = await _hashing(attempt, request)
    except (WrongCredentials, TooManyAttempts) as refusal:
        return _refused(again, refusal, request)
    return _let_in(ticket, "/account/password" if ticket.must_change_password else onward)


async def password_page(request: Request) -> Response:
    who: Visitor = request.scope[VISITOR]
    return forms.password(_language(request), name=who.operator.name, is_forced=who.must_change_password)


async def change_password(request: Request) -> Response:
    who: Visitor = request.scope[VISITOR]
    form = await _form(request)
    again = partial(forms.password, _language(request), name=who.operator.name, is_forced=who.must_change_password)
    if not forms.is_genuine(request, form.get("token")):
        return again(status=403, message=i18n.text(_language(request), "login.stale"))
    old, new = form.get("old", ""), form.get("new", "")
    if new != form.get("again", ""):
        return again(status=400, message=i18n.text(_language(request), "password.differ"))
    try:
        ticket = await _hashing(
            partial(logins.change_password, wiring.accounts_store(), who, old=old, new=new), request
        )
    except (WrongCredentials, TooManyAttempts, InvalidPassword) as refusal:
        return _refused(again, refusal, request)
    return _let_in(ticket, "/")


async def log_out(request: Request) -> Response:
    form = await _form(request)
    if not forms.is_genuine(request, form.get("token")):
        return RedirectResponse("/", 303)
    who: Visitor = request.scope[VISITOR]
    await to_thread.run_sync(partial(logins.log_out, wiring.accounts_store(), who, now=wiring.now()))
    response = RedirectResponse("/account/login", 303)
    cookies.drop_session(response, wiring.house().settings)
    return response


async def switch_language(request: Request) -> Response:
    """A link, so that the whole page comes back in the other language. It changes nothing but the reader's own
    language.
    """
    language = request.query_params.get("to")
    response = RedirectResponse(_back(request), 303)
    if language not in LANGUAGES or not forms.is_same_origin(request):
        return response
    who: Visitor | None = request.scope[VISITOR]
    if who is not None:
        await to_thread.run_sync(accounts.set_language, wiring.accounts_store(), who.operator, language)
    cookies.set_language(response, wiring.house().settings, language)
    return response


async def ping(request: Request) -> Response:
    """204 while the session lasts, 401 after it; a page that is left open asks now and then."""
    status = 401 if request.scope[VISITOR] is None else 204
    return Response(status_code=status, headers={"cache-control": "no-store"})


ROUTES = [
    Route("/account/login", login_page, methods=["GET"]),
    Route("/account/login", log_in, methods=["POST"]),
    Route("/account/password", password_page, methods=["GET"]),
    Route("/account/password", change_password, methods=["POST"]),
    Route("/account/logout", log_out, methods=["POST"]),
    Route("/account/language", switch_language, methods=["GET"]),
    Route("/account/ping", ping, methods=["GET"]),
    Route("/account/{rest:path}", lambda _request: JSONResponse({"error": "unknown"}, 404)),
]


def _language(request: Request) -> Language:
    return request.scope[READ_LANGUAGE]


async def _form(request: Request) -> dict[str, str]:
    """Fields of a form of ours; a body too large to be one is taken as empty, and so refused for want of a token."""
    if int(request.headers.get("content-length") or _LARGEST_FORM + 1) > _LARGEST_FORM:
        return {}
    fields = await request.form(max_files=0, max_fields=10)
    return {name: value for name, value in fields.items() if isinstance(value, str)}


async def _hashing(attempt: Callable[..., T], request: Request) -> T:
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent", "")
    work = partial(attempt, address=address, user_agent=agent, now=wiring.now())
    return await to_thread.run_sync(work, limiter=_HASHING)


def _refused(again: Callable[..., Response], refusal: Refusal, request: Request) -> Response:
    is_wait = isinstance(refusal, TooManyAttempts)
    response = again(status=429 if is_wait else 400, message=i18n.refusal(refusal, language=_language(request)))
    if is_wait:
        response.headers["retry-after"] = str(refusal.details["seconds"])
    return response


def _let_in(ticket: Ticket, onward: str) -> Response:
    settings = wiring.house().settings
    response = RedirectResponse(onward, 303)
    cookies.set_session(response, settings, ticket.token)
    cookies.set_language(response, settings, ticket.language)
    return response


def _back(request: Request) -> str:
    """Where the link was clicked: named in the link, else told by the browser, else the start."""
    wanted = request.query_params.get("next")
    if wanted:
        return wanted if wanted.startswith("/account/login?next=") else forms.inside(wanted)
    referer = urlsplit(request.headers.get("referer", ""))
    if referer.netloc != request.headers.get("host"):
        return "/"
    return forms.inside(referer.path + ("?" + referer.query if referer.query else ""))
