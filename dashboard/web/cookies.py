"""The three cookies: who you are, which language you read, and the secret behind a form."""

from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.responses import Response

from core.settings import Settings

LANGUAGE = "siyu_language"
FORM = "siyu_form"
_YEAR = 365 * 24 * 3600


def session_name(settings: Settings) -> str:
    """``__Host-`` makes browsers accept it over HTTPS for this very host only."""
    return "__Host-siyu" if settings.is_https else "siyu_session"


def read(scope: dict[str, Any], name: str) -> str:
    """Value of a cookie of a request; empty when there is none."""
    for key, value in scope.get("headers", []):
        if key == b"cookie":
            found = _parsed(value.decode("latin-1")).get(name)
            if found:
                return found
    return ""


def set_session(response: Response, settings: Settings, token: str) -> None:
    """For as long as the browser lives; how long it is good for is decided by the store."""
    response.set_cookie(
        session_name(settings), token, httponly=True, samesite="lax", secure=settings.is_https, path="/"
    )


def drop_session(response: Response, settings: Settings) -> None:
    response.delete_cookie(session_name(settings), httponly=True, samesite="lax", secure=settings.is_https, path="/")


def set_language(response: Response, settings: Settings, language: str) -> None:
    response.set_cookie(
        LANGUAGE, language, max_age=_YEAR, httponly=True, samesite="lax", secure=settings.is_https, path="/"
    )


def set_form(response: Response, settings: Settings, secret: str) -> None:
    response.set_cookie(FORM, secret, httponly=True, samesite="strict", secure=settings.is_https, path="/account")


def _parsed(header: str) -> dict[str, str]:
    """Like a browser's own reading: one cookie that is malformed does not hide the others."""
    found: dict[str, str] = {}
    for part in header.split(";"):
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(part.strip()).items()}
        except CookieError:
            continue
    return found
