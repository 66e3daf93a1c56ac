"""What a store said, kept as long as nobody has written to that store: from one run to the next, and for everybody."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from core.store.marks import Mark
from core.store.session import Store

T = TypeVar("T")
ANSWERS = 64
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
