"""Answers kept from one run to the next, and for everybody: what a store said as long as nobody has written to that store, and
what was made for a key that changes whenever the answer could.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from functools import wraps
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from core.store.marks import Mark
from core.store.session import Store

T = TypeVar("T")
ANSWERS = 128
"""How many are kept, those asked for last."""
STANDS_SECONDS = 5
"""How long an answer that depends on the time of day is taken for true, when nobody writes meanwhile."""
_answers: OrderedDict[Hashable, tuple[Mark, Any]] = OrderedDict()
_lock = Lock()


def while_unwritten(store: Store, name: Hashable, ask: Callable[[], T]) -> T:
    """What the store answered before, if nobody at all has written to it since; else, and where it cannot tell, asked anew.

    ``name``: what is asked, with all that the answer depends on. One answer serves everybody who asks the same, at once and
    later, so nobody changes it, and what depends on the time of asking has a time in its name.
    """
    mark = store.mark()  # before asking: what is written meanwhile makes the answer an old one
    if mark is None:
        return ask()
    with _lock:
        known = _answers.get((store.url, name))
        if known is not None and known[0] == mark:
            _answers.move_to_end((store.url, name))
            answer: T = known[1]
            return answer
    answer = ask()
    with _lock:
        _answers[store.url, name] = mark, answer
        _answers.move_to_end((store.url, name))
        if len(_answers) > ANSWERS:
            _answers.popitem(last=False)
    return answer


def moment(now: datetime) -> float:
    """The time in the name of what ``while_unwritten`` keeps: the same for a few seconds."""
    return now.timestamp() // STANDS_SECONDS


def by_key(most: int, *, seconds: float = 3600) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Decorates what makes an answer from its arguments, all given by name, of which ``key`` says all there is to say.

    The ``most`` answers asked for last are kept, each for at most so many seconds. Several who ask at once wait for one answer;
    nobody changes it; what raises is not kept. Streamlit's own caches do the same at ten times the cost of a look-up.
    """

    def decorate(make: Callable[..., T]) -> Callable[..., T]:
        answers: OrderedDict[str, tuple[float, T]] = OrderedDict()
        turns: dict[str, Lock] = {}
        lock = Lock()

        def known(key: str) -> tuple[float, T] | None:
            found = answers.get(key)
            if found is None or found[0] < monotonic():
                return None
            answers.move_to_end(key)
            return found

        @wraps(make)
        def answer(*, key: str, **given: Any) -> T:
            with lock:
                if found := known(key):
                    return found[1]
                turn = turns.setdefault(key, Lock())
            with turn:
                with lock:
                    if found := known(key):
                        return found[1]
                try:
                    made = make(key=key, **given)
                    with lock:
                        answers[key] = monotonic() + seconds, made
                        while len(answers) > most:
                            answers.popitem(last=False)
                    return made
                finally:
                    with lock:
                        turns.pop(key, None)

        return answer

    return decorate
