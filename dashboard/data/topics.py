"""What members talk about, for the Community page: terms, topics, and messages that hold a word."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from core.work.questions import topics as question
from core.work.questions.places import TOTAL, By, dimension
from core.work.questions.reading import Reading
from core.work.questions.topics import Against, Mentions, Terms, Topics
from dashboard.data import people
from dashboard.data.ground import Ground, stand
from dashboard.data.people import People
from dashboard.filters import Filters
from dashboard.web import kept

__all__ = [
    "AGAINST", "LONGEST_WORD", "MOST_WORDS", "Against", "Answer", "Mentions", "Terms", "Topics", "groups", "mentions", "people_of_topic", "people_of_words",
    "terms", "topics", "words",
]  # fmt: skip

T = TypeVar("T")
AGAINST: tuple[Against, ...] = ("before", "others")
MOST_WORDS, LONGEST_WORD = 5, 30


@dataclass(frozen=True, eq=False)
class Answer(Generic[T]):
    """What a question said, and of which data. ``key``: names it."""

    key: str
    said: T
    as_of: datetime
    zone: str
    version: int


def groups(asked: Filters) -> dict[str, str]:
    """Groups that can be looked at alone, name by key, in the order of names. Raises ``Forbidden``."""
    ground = stand("community.see")
    return _groups(key=f"{ground.key}|{asked}", _ground=ground, _asked=asked)


def terms(asked: Filters, of: str | None, against: Against) -> Answer[Terms] | None:
    """Terms that set a group apart, or all together where ``of`` is None. None without messages. Raises ``Forbidden``."""
    by, key = _row(of)
    return _answer(asked, f"terms|{key}|{by}|{against}", lambda lake: question.terms_of(lake, by, key, against))


def topics(asked: Filters, of: str | None) -> Answer[Topics] | None:
    """Raises ``Forbidden``."""
    by, key = _row(of)
    return _answer(asked, f"topics|{key}|{by}", lambda lake: question.topics_of(lake, by, key))


def mentions(asked: Filters, of: str | None, wanted: tuple[str, ...]) -> Answer[Mentions] | None:
    """None without messages, and without a word. Raises ``Forbidden``."""
    by, key = _row(of)
    return _answer(asked, f"words|{key}|{by}|{wanted!r}", lambda lake: question.mentions(lake, by, key, wanted))


def words(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that a text names between commas, each once: those that are looked for, and those that are not: beyond five, longer
    than 30 letters, or without a letter and a figure."""
    told = dict.fromkeys(" ".join(one.split()) for one in text.replace("，", ",").replace("、", ",").split(","))
    told.pop("", None)
    wanted = [one for one in told if question.needle(one) and len(one) <= LONGEST_WORD][:MOST_WORDS]
    return tuple(wanted), tuple(one for one in told if one not in wanted)


def people_of_words(asked: Filters, of: str | None, wanted: tuple[str, ...], figure: int) -> People:
    """Who wrote the messages that hold any of some words. Raises ``Forbidden``."""
    by, key = _row(of)
    told = {"metric": "topics-words", "words": list(wanted)}
    return _people(asked, of, told, figure, lambda lake: question.behind_mentions(lake, by, key, wanted))


def people_of_topic(asked: Filters, of: str | None, number: int, labels: tuple[str, ...], figure: int) -> People:
    """Who writes about a topic. Raises ``Forbidden``."""
    by, key = _row(of)
    told = {"metric": "topics-topic", "topic": number, "labels": list(labels)}
    return _people(asked, of, told, figure, lambda lake: question.behind_topic(lake, by, key, number))


def _row(of: str | None) -> tuple[By, str]:
    return ("total", TOTAL) if of is None else ("group", of)


def _answer(asked: Filters, name: str, ask: Callable[[Reading], T | None]) -> Answer[T] | None:
    ground = stand("community.see")
    found: Answer[T] | None = _asked(key=f"{ground.key}|{asked}|{name}", _ground=ground, _filters=asked, _ask=ask)
    return found


@kept.by_key(32)
def _asked(key: str, _ground: Ground, _filters: Filters, _ask: Callable[[Reading], T | None]) -> Answer[T] | None:
    with _ground.open(_filters) as lake:
        said = _ask(lake)
        return None if said is None or lake.as_of is None else Answer(key, said, lake.as_of, lake.zone, _ground.version)


@kept.by_key(16)
def _groups(key: str, _ground: Ground, _asked: Filters) -> dict[str, str]:  # noqa: ARG001 - what it is kept by
    with _ground.open(_asked) as lake:
        rows = dimension(lake, "group")
        named = [(row.key, row.name if isinstance(row.name, str) else row.key) for row in rows.itertuples(index=False)]
        return dict(sorted(named, key=lambda one: (one[1], one[0])))


def _people(
    asked: Filters, of: str | None, told: dict[str, object], figure: int, ask: Callable[[Reading], object]
) -> People:
    ground = stand("people.see")
    key = f"{ground.key}|{asked}|{of}|{told!r}"
    return _listed(
        key=key,
        _ground=ground,
        _asked=asked,
        _told={"kind": "topics", "key": of or TOTAL} | told,
        _figure=figure,
        _ask=ask,
    )


@kept.by_key(16)
def _listed(
    key: str,
    _ground: Ground,
    _asked: Filters,
    _told: dict[str, object],
    _figure: int,
    _ask: Callable[[Reading], object],
) -> People:
    with _ground.open(_asked) as lake:
        frame = _ask(lake)
        currency = lake.currency
    return People(
        key, frame, people.definition(_asked) | _told, "members", "said", None, _figure, currency, _ground.version  # type: ignore[arg-type]
    )  # fmt: skip
