"""Path questions of a page, and the addresses of their funnels."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

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
from dashboard.web import kept

__all__ = [
    "ARRIVED", "LEFT", "MOST_TOP", "OTHER", "Asked", "Column", "Group", "Link", "Menu", "Path", "Place", "Sessions", "View", "Visits",
    "along_of", "along_text", "answer", "funnel_address", "menu", "parse_window", "people_of", "people_of_sessions", "sessions", "usual_anchor",
    "window_text",
]  # fmt: skip

TOP_PATHS = 20
Waiting = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a column, and how many stand there."""

    column: int
    code: int
    members: int


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

    @cached_property
    def places(self) -> dict[str, Place]:
        """All nodes of the picture, by what the address calls them: column and own name, ``1:add_to_cart``."""
        return {
            f"{column.number}:{self.name(node.code)}": Place(column.number, node.code, node.members)
            for column in self.columns
            for node in column.nodes
        }

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


@dataclass(frozen=True, eq=False)
class Visits:
    """Sessions of the period. ``key``: of what is made from them."""

    key: str
    answer: Sessions


def menu() -> Menu:
    """What paths can be made of. Raises ``Forbidden``."""
    return funnels.menu()


def usual_anchor(events: Sequence[str]) -> str | None:
    """Where the first common journey starts that the lake knows, else the first event by name."""
    starts = (name for template in funnels.TEMPLATES.values() for name in template.steps[0])
    return next((name for name in starts if name in events), events[0] if events else None)


def answer(filters: Filters, asked: Asked, waiting: Waiting = nullcontext) -> View:
    """``waiting``: what stands on the page while the answer is made, where it is not kept.

    Raises ``InvalidPath``, ``InvalidSession``, ``HeldStep``, ``Unknown`` and ``Forbidden``.
    """
    ground = stand("funnel.see")
    key = f"{ground.key}|{filters}|{asked}"
    return _answer(key=key, _ground=ground, _filters=filters, _asked=asked, _waiting=waiting)


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


def sessions(filters: Filters) -> Visits:
    """Raises ``Forbidden``."""
    ground = stand("funnel.see")
    return _sessions(key=f"{ground.key}|{filters}", _ground=ground, _filters=filters)


def people_of_sessions(filters: Filters) -> People:
    """Members who had a session, with how many. Raises ``Forbidden``."""
    guarded = stand("people.see")
    found = sessions(filters).answer
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


@kept.by_key(8, seconds=KEPT_SECONDS)
def _answer(key: str, _ground: Ground, _filters: Filters, _asked: Asked, _waiting: Waiting) -> View:
    with _waiting(), _ground.open(_filters) as lake:
        found = question.paths(lake, _asked)
        return View(key, _asked, found.columns, found.links, found.top_paths(TOP_PATHS), found, _ground.version)


@kept.by_key(16, seconds=KEPT_SECONDS)
def _sessions(key: str, _ground: Ground, _filters: Filters) -> Visits:
    with _ground.open(_filters) as lake:
        return Visits(key, session_question.sessions_of(lake))
