"""What a notice says, in the reader's language: made of ``data/notices.{zh,en}.toml`` when it is sent, for the worker has no pages.

Nothing here refuses: a notice with a figure too few is better than none. Whatever the house named may hold any sign, so
every value becomes one printable line.
"""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from core.settings import PROJECT, World

MOST_LINES = 50
LONGEST_VALUE = 120
FIGURES = ("value", "expected", "limit")
STATES = ("state", "from", "to")
LISTS = ("roles",)
"""Codes divided by commas."""
PAGES: dict[str, tuple[str, str, str]] = {
    "warning": ("risk", "", "warning"),
    "evaluation": ("risk", "rules", ""),
    "incident": ("incidents", "", "incident"),
    "task": ("incidents", "", "incident"),
    "drill": ("risk", "drills", "drill"),
    "review": ("risk", "register", "risk"),
    "target": ("notices", "", ""),
    "campaign": ("campaigns", "", "campaign"),
    "sending": ("campaigns", "", ""),
    "connector": ("connectors", "", "connector"),
}
"""Page that a kind's first word opens, its part, and the parameter of the address (it is taken from ``{name}_id`` or ``{name}``)."""
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Words:
    """``title`` is one line; ``text`` begins with it."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A notice as the words need it."""

    kind: str
    params: Mapping[str, Any]


def words(said: Said, language: str, *, world: World = "live", url: str | None = None) -> Words:
    """Of one notice. ``url``: where the pages are; without it there is no link."""
    texts = _texts(language)
    values = _values(said.params, texts)
    kind = texts["kinds"].get(said.kind, {"title": said.kind, "lines": []})
    title = _framed(_filled(kind["title"], values, texts["frame"]["none"]), texts, world)
    lines = [_filled(line, values, "") for line in kind["lines"] if all(values.get(n) for n in _PLACE.findall(line))]
    at = link(said, world, url)
    lines += [texts["frame"]["link"].replace("{link}", at)] if at else []
    return Words(title, "\n".join([title, *lines]))


def digest(said: Sequence[Said], language: str, *, world: World = "live", url: str | None = None) -> Words:
    """Of many in one message, in the order given: their titles, up to fifty."""
    texts = _texts(language)
    count = str(len(said))
    title = _framed(texts["digest"]["title"].replace("{count}", count), texts, world)
    titles = [words(one, language).title for one in said[:MOST_LINES]]
    lines = [texts["digest"]["line"].replace("{title}", one) for one in titles]
    left = len(said) - len(titles)
    lines += [texts["digest"]["more"].replace("{count}", str(left))] if left else []
    lines += [texts["frame"]["link"].replace("{link}", f"{url}/risk?{urlencode({'world': world})}")] if url else []
    return Words(title, "\n".join([title, *lines]))


def link(said: Said, world: World, url: str | None) -> str | None:
    """Where the thing itself is to be seen; None where the house did not say where its pages are, or there is nothing to see."""
    at = address(said, world)
    return f"{url}{at}" if url and at else None


def address(said: Said, world: World) -> str | None:
    """The same within the pages, from ``/`` on."""
    page, part, name = PAGES.get(said.kind.partition(".")[0], ("", "", ""))
    if not page:
        return None
    number = said.params.get(f"{name}_id", said.params.get(name)) if name else None
    asked = {"part": part, name: number, "world": world}
    return f"/{page}?{urlencode({key: one for key, one in asked.items() if key and one not in ('', None)})}"


def _values(params: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    """What each placeholder says; those that say nothing are left out."""
    unit = str(params.get("unit", ""))
    found: dict[str, str] = {}
    for name, value in params.items():
        told = _figure(value, unit) if name in FIGURES else _one_line(value)
        names = texts["names"].get("state" if name in STATES else name, {})
        several = told.split(",") if name in LISTS else [told]
        found[name] = texts["frame"]["and"].join(names.get(one, one) for one in several)
    if "place" in params:
        found["place"] = found["place"] or texts["frame"]["house"]
    return {name: told for name, told in found.items() if told}


def _figure(value: object, unit: str) -> str:
    """A share in per cent, money (kept in its smallest unit) with two decimals, anything else with as many as it needs; nothing for what is undefined."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _one_line(value)
    if not math.isfinite(value):
        return ""
    if unit == "share":
        return f"{value:.1%}"
    if unit in ("minor", "money"):
        return f"{value / 100:,.2f}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _one_line(value: object) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in str(value)).split())
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _filled(template: str, values: Mapping[str, str], none: str) -> str:
    """A value is never read as a template again."""
    return _PLACE.sub(lambda found: values.get(found[1], none), template)


def _framed(title: str, texts: Mapping[str, Any], world: World) -> str:
    demo: str = texts["frame"]["demo"]
    return demo.replace("{title}", title) if world == "demo" else title


@cache
def _texts(language: str) -> dict[str, Any]:
    return tomllib.loads((PROJECT / "data" / f"notices.{language}.toml").read_text(encoding="utf-8"))
