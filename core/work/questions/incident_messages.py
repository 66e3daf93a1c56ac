"""What staff, customers and the authority may be told of an incident: the product's templates (``data/messages.*.toml``), filled with what is known."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from core.errors import Unknown
from core.risk import messages
from core.scope import Operator
from core.settings import PROJECT
from core.store.incident_tables import Incident

LANGUAGES = ("zh", "en")
KNOWN = (
    "number", "what", "began_on", "scope", "severity", "owner", "due", "paused", "cause", "lessons", "brand", "affected", "measures", "advice",
    "next", "contact", "progress", "kinds", "harm", "people", "told",
)  # fmt: skip
"""What a template may ask for. ``of`` knows some of it; the rest somebody has to write."""


@dataclass(frozen=True, slots=True)
class Template:
    """``audience``: ``staff``, ``customers`` or ``authority``. ``places``: what it asks for, in order."""

    key: str
    audience: str
    title: str
    body: str
    places: tuple[str, ...]


@cache
def templates(language: str) -> Mapping[str, Template]:
    """By key, in the order of the file. Raises ``Unknown`` for a language that there are none in."""
    if language not in LANGUAGES:
        raise Unknown("language", language, LANGUAGES)
    text = (PROJECT / "data" / f"messages.{language}.toml").read_text(encoding="utf-8")
    return {
        key: Template(key, one["audience"], one["title"], one["body"].strip(), messages.places(one["body"], KNOWN))
        for key, one in tomllib.loads(text).items()
    }


def known_of(row: Incident) -> dict[str, str]:
    """What the incident itself tells; codes and names of the house are for the caller to put into words."""
    return {
        "number": str(row.id), "what": row.title, "began_on": row.first_on.isoformat(), "owner": row.owner, "cause": row.cause,
        "lessons": row.lessons,
    }  # fmt: skip


def draft(operator: Operator, key: str, language: str, values: Mapping[str, str | None]) -> str:
    """The message with what is known in its places, and a gap that can be seen where nothing is. Raises ``Forbidden``, ``Unknown``."""
    operator.require("incident.write")
    known = templates(language)
    if key not in known:
        raise Unknown("message", key, known)
    return messages.fill(known[key].body, values, KNOWN)
