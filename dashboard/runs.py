"""What is asked once while a page is drawn: who looks, in which language, at which world and at which version of it.

A run is one drawing of a page by the frame. Callbacks come before it and fragments without it: there everything is asked anew.
What a store says is kept from one run to the next as long as nobody has written to that store.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, TypeVar

from core.store.marks import Mark
from core.store.session import Store

T = TypeVar("T")
KEPT = 64
"""Answers of stores that are kept, those asked for last."""
_answers: ContextVar[dict[str, Any] | None] = ContextVar("answers", default=None)
_read: OrderedDict[Hashable, tuple[Mark, Any]] = OrderedDict()
_lock = Lock()


@contextmanager
def one() -> Iterator[None]:
    """While one page is drawn. Nothing of it is left for the next run."""
    with _held({}):
        yield


@contextmanager
def anew() -> Iterator[None]:
    """A write inside a run: everything is asked again for it, and again afterwards."""
    try:
        with _held(None):
            yield
    finally:
        forget()


def once(name: str, ask: Callable[[], T]) -> T:
    """The answer that this run already has; outside of a run it is asked for each time. What raises is not kept."""
    answers = _answers.get()
    if answers is None:
        return ask()
    if name not in answers:
        answers[name] = ask()
    found: T = answers[name]
    return found


def keep(name: str, answer: object) -> None:
    """The answer for the rest of this run, known without asking."""
    answers = _answers.get()
    if answers is not None:
        answers[name] = answer


def forget() -> None:
    """The rest of this run asks again."""
    answers = _answers.get()
    if answers is not None:
        answers.clear()


def while_unwritten(store: Store, name: Hashable, ask: Callable[[], T]) -> T:
    """What the store answered before, if nobody at all has written to it since; else, and where it cannot tell, asked anew.

    ``name``: what is asked, with all that the answer depends on. One answer serves everybody who asks the same, at once and
    later, so nobody changes it, and what depends on the time of asking has a time in its name.
    """
    mark = store.mark()  # before asking: what is written meanwhile makes the answer an old one
    if mark is None:
        return ask()
    with _lock:
        known = _read.get((store.url, name))
        if known is not None and known[0] == mark:
            _read.move_to_end((store.url, name))
            answer: T = known[1]
            return answer
    answer = ask()
    with _lock:
        _read[store.url, name] = mark, answer
        _read.move_to_end((store.url, name))
        if len(_read) > KEPT:
            _read.popitem(last=False)
    return answer


@contextmanager
def _held(answers: dict[str, Any] | None) -> Iterator[None]:
    token = _answers.set(answers)
    try:
        yield
    finally:
        _answers.reset(token)
