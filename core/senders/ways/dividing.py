"""What all ways do with many parcels at once: one fate each, each address once, and halves where the other side does not say whom it refuses.

Halves and not single ones: a task of WeCom is work for an employee, and of a thousand numbers one that is wrong is found by some twenty calls.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from core.senders.outcomes import Divisible, Halted
from core.senders.parcels import Fate, Parcel, State
from core.senders.sender import NotSent, Permanent, Temporary, Uncertain

MOST_CALLS = 40
"""Of one division, so that it ends while the worker still holds its messages."""
AGAIN_S = 5.0
Send = Callable[[Sequence[Parcel]], list[Fate]]


def divided(parcels: Sequence[Parcel], send: Send) -> list[Fate]:
    """What ``send`` says of all of them, or of ever smaller halves where one of several is refused and nobody says which. Raises what the first call raises."""
    try:
        return send(parcels)
    except Divisible as error:
        if len(parcels) == 1:
            return [refused(parcels[0], Permanent(error.code))]
        return _Division(send, error.code).of(parcels)


class _Division:
    """The calls of one division: at most so many, and none after one that says something about all."""

    def __init__(self, send: Send, code: str) -> None:
        self._send = send
        self._code = code
        self._left = MOST_CALLS
        self._over: NotSent = Temporary(code, AGAIN_S)

    def of(self, parcels: Sequence[Parcel]) -> list[Fate]:
        """The halves of what was refused."""
        middle = len(parcels) // 2
        return [*self._half(parcels[:middle]), *self._half(parcels[middle:])]

    def _half(self, parcels: Sequence[Parcel]) -> list[Fate]:
        if self._left <= 0:
            return [refused(one, self._over) for one in parcels]
        self._left -= 1
        try:
            return self._send(parcels)
        except Divisible as error:
            return self.of(parcels) if len(parcels) > 1 else [refused(parcels[0], Permanent(error.code))]
        except NotSent as error:
            self._end(error)
            return [refused(one, error) for one in parcels]

    def _end(self, error: NotSent) -> None:
        """The others are not asked for any more where the way out is closed, busy or lost; nothing of them was handed over. What divided them is about one alone."""
        if error.code == self._code:
            return
        if isinstance(error, Halted | Temporary):
            self._left, self._over = 0, error
        if isinstance(error, Uncertain):
            self._left, self._over = 0, Temporary(error.code)


def taken(parcel: Parcel, state: State, provider_id: str | None = None) -> Fate:
    return Fate(parcel.message_id, state, provider_id)


def refused(parcel: Parcel, trouble: NotSent) -> Fate:
    return Fate(parcel.message_id, None, trouble=trouble)


def single(parcels: Sequence[Parcel], send: Callable[[Parcel, datetime], Fate], now: datetime) -> list[Fate]:
    """Of ways that take one at a time. What is wrong with it is raised. Raises ``ValueError`` for more than one."""
    (parcel,) = parcels
    return [send(parcel, now)]
