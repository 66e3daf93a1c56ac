"""What is asked once while a page is drawn: who looks, in which language, at which world and at which version of it.

A run is one drawing of a page by the frame. Callbacks come before it and fragments without it: there everything is asked anew.
What is kept from one run to the next stands in ``web/kept.py``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_answers: ContextVar[dict[str, Any] | None] = ContextVar("answers", default=None)


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


@contextmanager
def _held(answers: dict[str, Any] | None) -> Iterator[None]:
    token = _answers.set(answers)
    try:
        yield
    finally:
        _answers.reset(token)
