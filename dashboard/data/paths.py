"""Path questions of a page, and the addresses of their funnels."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.sequences.paths import ARRIVED, DIRECTIONS, LEFT, OTHER, Column, Link, Path
from core.work.questions import paths as question
from core.work.questions import sessions as session_question
from core.work.questions.funnels import Along
from core.work.questions.paths import MOST_STEPS, MOST_TOP, Answer, Asked, Group
from core.work.questions.sessions import Answer as Sessions
from dashboard.data import funnels, people
from dashboard.data.funnels import Menu, parse_window, window_text
from dashboard.data.ground import KEPT_SECONDS, Ground, stand
from dashboard.data.people import People
from dashboard.filters import KEYS, Filters

__all__ = [
    "ARRIVED", "LEFT", "MOST_TOP", "OTHER", "Asked", "Column", "Group", "Link", "Menu", "Path", "Sessions", "View",
    "along_of", "along_text", "answer", "funnel_address", "menu", "parse_window", "people_of", "people_of_sessions", "sessions", "usual_anchor",
    "window_text",
]  # fmt: skip

TOP_PATHS = 20


@dataclass(frozen=True, eq=False)
class View:
    """One answer. ``members``: what every column adds up to. ``top``: the most taken whole paths."""

    key: str
    asked: Asked
    columns: tuple[Column, ...]
    links: tuple[Link, ...]
    top: tuple[Path, ...]
    answer: Answer
    version: int

    @property
    def members(self) -> int:
        return self.answer.members

    def name(self, code: int) -> str:
        """The node's own name; ``<left>``, ``<other>`` or ``<arrived>`` where it is no event."""
        return self.answer.name(code)

    def names(self, code: int) -> tuple[str, ...]:
        """The events that stand as a node; none where it is no event."""
        if code < 0:
            return ()
        called = dict(self.asked.nodes)
        return tuple(name for name in self.answer.names if called.get(name, name) == self.answer.labels[code])

    def ways(self, column: int, code: int) -> tuple[Path, ...]:
        """The most taken ways to a node; see ``Answer.ways``."""
        return self.answer.ways(column, code)

    def starting(self, nodes: Sequence[int]) -> int:
        """Members whose path starts so, whatever comes beyond: what its funnel counts at the last step."""
        return self.answer.starting(tuple(nodes))

    def can_be_funnel(self, nodes: Sequence[int]) -> bool:
        """Whether ``funnel_address`` has an answer for it."""
        return 2 <= len(nodes) <= MOST_STEPS and min(nodes) >= 0


def menu() -> Menu:
    """What paths can be made of. Raises ``Forbidden``."""
    return funnels.menu()


def usual_anchor(events: Sequence[str]) -> str | None:
    """Where the first common journey starts that the lake knows, else the first event by name."""
    starts = (name for template in funnels.TEMPLATES.values() for name in template.steps[0])
    return next((name for name in starts if name in events), events[0] if events else None)


def answer(filters: Filters, asked: Asked) -> View:
    """Raises ``InvalidPath``, ``InvalidSession``, ``HeldStep``, ``Unknown`` and ``Forbidden``."""
    ground = stand("funnel.see")
    return _answer(key=f"{ground.key}|{filters}|{asked}", _ground=ground, _filters=filters, _asked=asked)


def people_of(filters: Filters, asked: Asked, nodes: Mapping[int, int] | Sequence[int], figure: int) -> People:
    """Who stands behind a node (column: code) or took the start of a path; ``figure``: the number they stand behind.

    Raises ``Forbidden``.
    """
    guarded = stand("people.see")
    view = answer(filters, asked)
    found = view.answer.people(dict(nodes) if isinstance(nodes, Mapping) else tuple(nodes))
    with guarded.open(filters) as lake:
        currency = lake.currency
    places = nodes if isinstance(nodes, Mapping) else dict(enumerate(nodes))
    where = {str(column): view.name(code) for column, code in places.items()}
    return People(
        f"{view.key}|{where}|{isinstance(nodes, Mapping)}",
        found.assign(value=found["steps"].astype("int64")),
        people.definition(filters) | definition(asked) | {"kind": "path", "nodes": where},
        "depth", "steps", None, figure, currency, view.version,
    )  # fmt: skip


def sessions(filters: Filters) -> Sessions:
    """Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _sessions(key=f"{ground.key}|{filters}", _ground=ground, _filters=filters)


def people_of_sessions(filters: Filters) -> People:
    """Members who had a session, with how many. Raises ``Forbidden``."""
    guarded = stand("people.see")
    found = sessions(filters)
    with guarded.open(filters) as lake:
        currency = lake.currency
    frame = found.people().rename(columns={"sessions": "value"})
    told = people.definition(filters) | {"kind": "sessions", "gap": window_text(found.gap)}
    return People(
        f"{guarded.key}|{filters}|sessions", frame, told, "depth", "sessions", None, found.statistics.subjects, currency,
        guarded.version,
    )  # fmt: skip


def definition(asked: Asked) -> dict[str, object]:
    """A path question as JSON."""
    return {
        "anchor": list(asked.anchor),
        "direction": asked.direction,
        "depth": asked.depth,
        "gap": window_text(asked.gap),
        "collapse": asked.collapse,
        "end": list(asked.to),
        "hidden": list(asked.hidden),
        "groups": [[group.node, list(group.names)] for group in asked.groups],
        "top": asked.top,
    }


def funnel_address(view: View, nodes: Sequence[int], query: Mapping[str, Sequence[str]]) -> str:
    """Address of the funnel of the start of a path (before an anchor, of its end), with the shared filters of ``query``: its
    last step counts the same members. Raises ``InvalidPath`` for what is no funnel (see ``View.can_be_funnel``).
    """
    asked = view.answer.funnel(tuple(nodes))
    assert asked.along is not None
    given = [(name, value) for name in KEYS for value in query.get(name, ())]
    given += [("step", "|".join(step)) for step in asked.steps]
    return "/funnels?" + urlencode([*given, ("within", "none"), ("path", along_text(asked.along))])


def along_text(along: Along) -> str:
    """The path that a funnel is one of, as short JSON for an address. Its names are not in it: they are all there are."""
    told: dict[str, Any] = {"gap": window_text(along.gap)}
    if along.direction == "before":
        told["way"] = "before"
    if along.collapse:
        told["collapse"] = True
    if along.nodes:
        told["nodes"] = dict(along.nodes)
    for name in ("anchor", "to"):
        if getattr(along, name):
            told[name] = list(getattr(along, name))
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def along_of(text: str, names: Sequence[str]) -> Along | None:
    """What ``along_text`` wrote, over the names there are now; None for a text that nobody wrote like that."""
    try:
        told = json.loads(text)
        nodes = tuple(sorted((str(name), str(node)) for name, node in dict(told.get("nodes", {})).items()))
        anchor, to = (tuple(map(str, told.get(name, ()))) for name in ("anchor", "to"))
        way = told.get("way", "after")
        if way not in DIRECTIONS:
            return None
        return Along(tuple(names), nodes, _gap(told["gap"]), bool(told.get("collapse")), anchor, to, way)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, funnels.InvalidFunnel):
        return None


def _gap(text: object) -> timedelta | None:
    return parse_window(str(text))


@st.cache_resource(ttl=KEPT_SECONDS, max_entries=8, show_spinner=False)
def _answer(key: str, _ground: Ground, _filters: Filters, _asked: Asked) -> View:
    with _ground.open(_filters) as lake:
        found = question.paths(lake, _asked)
    return View(key, _asked, found.columns, found.links, found.top_paths(TOP_PATHS), found, _ground.version)


@st.cache_resource(ttl=KEPT_SECONDS, max_entries=16, show_spinner=False)
def _sessions(key: str, _ground: Ground, _filters: Filters) -> Sessions:  # noqa: ARG001 - what it is cached by
    with _ground.open(_filters) as lake:
        return session_question.sessions_of(lake)
