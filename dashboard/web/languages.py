"""Which language a request wants to be answered in."""

from typing import Any

from starlette.requests import HTTPConnection

from core.work.logins import Visitor
from dashboard.i18n import LANGUAGES, Language
from dashboard.web import cookies


def preferred(scope: dict[str, Any], who: Visitor | None) -> Language:
    """That of the account, else of the cookie, else of the browser; Chinese when none of them says English."""
    wishes = [who.language if who else "", cookies.read(scope, cookies.LANGUAGE)]
    for wish in wishes:
        if wish in LANGUAGES:
            return wish
    first = HTTPConnection(scope).headers.get("accept-language", "").split(",")[0]
    return "en" if first.strip().lower().startswith("en") else "zh"
