"""Finding one member by what an operator has at hand: a short name, a member's number, a phone, a card."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.privacy import short_names
from core.scope import Operator
from core.store import audit
from core.store.session import Store
from core.work.home import Home
from core.work.questions import identities, member, population
from core.work.questions.reading import Reading, reading

MOST_DIGITS = 19
"""Of a member's number."""


@dataclass(frozen=True, slots=True)
class Found:
    """A member that a text led to. ``types``: of identities that have this value; none for a name or a number of the member."""

    member_id: int
    types: tuple[str, ...] = ()


def find(home: Home, log: Store, operator: Operator, text: str, *, now: datetime) -> list[Found]:
    """Known members whom a text names, by number; none outside the operator's units, as if there were none.

    A short name or a member's number says nothing about a person. Any other text is looked up by its pseudonyms; that somebody did so is
    in the audit log before the answer, with the types and numbers found and never the text. Raises ``Forbidden``.
    """
    operator.require("people.see")
    text = text.strip()
    with reading(home, scope=operator.scope) as question:
        named = _named(question, text)
    if named or not text:
        return named
    seen = identities.find(home, operator, text)
    known = seen[seen["is_known"].astype(bool)] if len(seen) else seen
    found = [
        Found(int(str(member_id)), tuple(sorted(set(rows["identity_type"]))))
        for member_id, rows in known.groupby("member_id")
    ]
    types = sorted({one for each in found for one in each.types})
    details = {"members": [str(each.member_id) for each in found], "types": types, "world": home.world}
    with log.transaction() as session:
        audit.append(session, operator, "member.looked_up", "member", details, now=now)
    return found


def _named(question: Reading, text: str) -> list[Found]:
    """By a member's number, else by a short name."""
    candidates: Sequence[int] = []
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text) < 2**63:
        candidates = [int(text)]
    elif short_names.is_name(text):
        candidates = short_names.called(text, population.of(question.snapshot).ids)
    return [Found(one) for one in _known(question, candidates)]


def _known(question: Reading, candidates: Sequence[int]) -> Iterable[int]:
    return sorted(member.within(question, candidates)) if candidates else ()
