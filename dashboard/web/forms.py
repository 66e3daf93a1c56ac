"""The plain pages before the product: log in, and choose a password. No script, no Streamlit."""

import hmac
import secrets
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dashboard import i18n
from dashboard.i18n import Language
from dashboard.web import cookies, wiring

_HTML = Path(__file__).parent / "html"


def login(
    language: Language, *, status: int = 200, message: str = "", good: bool = False, name: str = "", onward: str = "/"
) -> Response:
    """The log-in page, with what went wrong the last time."""
    secret = secrets.token_urlsafe(24)
    names = ("title", "lead", "name_label", "password_label", "submit", "hint")
    focus = {"focus_name": "" if name else "autofocus", "focus_password": "autofocus" if name else ""}
    body = _filled(
        "login",
        _texts(language, "login", names) | {"token": token(secret), "name": name, "next": onward} | focus,
        message,
        good,
    )
    return _page(language, "login", body, status, secret, onward)


def password(language: Language, *, name: str, is_forced: bool, status: int = 200, message: str = "") -> Response:
    """The page on which one's own password is changed."""
    secret = secrets.token_urlsafe(24)
    names = ("title", "lead", "old_label", "new_label", "again_label", "rule", "submit", "log_out")
    texts = _texts(language, "password", names)
    if is_forced:
        texts["lead"] = i18n.text(language, "password.lead_forced")
    body = _filled("password", texts | {"token": token(secret), "name": name}, message, False)
    return _page(language, "password", body, status, secret, "/account/password")


def token(secret: str) -> str:
    """What the form must carry beside the cookie ``secret``: another site can read neither, nor make one from
    nothing.
    """
    key = wiring.house().live.keys.derived("form")
    return hmac.new(key, secret.encode(), sha256).hexdigest()


def is_genuine(request: Request, given: object) -> bool:
    """Whether a form was sent from our own page: token fits the cookie, and the browser names no other origin."""
    secret = cookies.read(dict(request.scope), cookies.FORM)
    if not secret or not isinstance(given, str) or not hmac.compare_digest(token(secret).encode(), given.encode()):
        return False
    return is_same_origin(request)


def is_same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def inside(wanted: str | None) -> str:
    """A path of our own to go on to; anything that could lead to another site becomes ``/``."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/account/login")):
        return "/"
    return "/" if "\\" in wanted or any(ord(letter) < 32 for letter in wanted) else wanted


def _page(language: Language, part: str, body: str, status: int, secret: str, onward: str) -> Response:
    names = ("promise", "see", "foresee", "choose", "act", "prove")
    values = {name: escape(i18n.text(language, f"login.{name}")) for name in names}
    values |= {
        "language": i18n.HTML_NAMES[language],
        "language_label": escape(i18n.text(language, "app.language")),
        "product": escape(i18n.text(language, "app.name")),
        "title": escape(i18n.text(language, f"{part}.title")),
        "languages": _languages(language, onward),
        "body": body,
    }
    response = HTMLResponse(_template("frame").substitute(values), status, headers={"cache-control": "no-store"})
    settings = wiring.house().settings
    cookies.set_form(response, settings, secret)
    return response


def _languages(chosen: Language, onward: str) -> str:
    here = onward if onward.startswith("/account/") else "/account/login?next=" + quote(onward, safe="")
    there = quote(here, safe="")
    return "".join(
        f'<span aria-current="true" lang="{i18n.HTML_NAMES[one]}">{i18n.NAMES[one]}</span>'
        if one == chosen
        else f'<a href="/account/language?to={one}&amp;next={there}" lang="{i18n.HTML_NAMES[one]}">{i18n.NAMES[one]}</a>'
        for one in i18n.LANGUAGES
    )


def _texts(language: Language, part: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: i18n.text(language, f"{part}.{name}") for name in names}


def _filled(template: str, values: dict[str, str], message: str, good: bool) -> str:
    safe = {name: escape(value) for name, value in values.items()}
    kind = ' class="message good" role="status"' if good else ' class="message" role="alert"'
    safe["message"] = f"<p{kind}>{escape(message)}</p>" if message else ""
    return _template(template).substitute(safe)


@cache
def _template(name: str) -> Template:
    return Template((_HTML / f"{name}.html").read_text(encoding="utf-8"))
