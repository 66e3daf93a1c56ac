"""Finding one member by what an operator has at hand: a short name, a member's number, a phone, a card."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from core.privacy import short_names
from core.scope import Operator
from core.store import audit
from core.store.session import Store
from core.work.home import Home
from core.work.questions import identities, member, population
from core.work.questions.reading import Reading, reading

MOST_DIGITS = 19
"""Of a member's number."""
_AROUND = " \"'`“”‘’「」『』《》<>,;，；、。"
"""What is pasted along with a value: quotes and separators."""
_LINES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))


@dataclass(frozen=True, slots=True)
class Found:
    """A member that a text led to. ``types``: of identities that have this value; none for a name or a number of the member."""

    member_id: int
    types: tuple[str, ...] = ()


def find(home: Home, log: Store, operator: Operator, text: str, *, now: datetime) -> list[Found]:
    """Known members whom a text names, by number; none outside the operator's units, as if there were none.

    A short name or a member's number says nothing about a person. Any other text is looked up by its pseudonyms, see ``values``; so is a
    short name without its M, which may as well be the number of a card. Raises ``Forbidden``.
    """
    operator.require("people.see")
    text = spellings(text)[-1]
    if not text:
        return []
    with reading(home, scope=operator.scope) as question:
        called = named(question, text)
    if called and not short_names.is_bare(text):
        return [Found(one) for one in called]
    seen = values(home, log, operator, text, now=now)
    known = seen[seen["is_known"].astype(bool)] if len(seen) else seen
    types = {
        int(str(member_id)): tuple(sorted(set(rows["identity_type"]))) for member_id, rows in known.groupby("member_id")
    }
    return [Found(one, types.get(one, ())) for one in sorted({*called, *types})]


def named(question: Reading, text: str) -> list[int]:
    """Members in the reading's scope whose number or short name a text is, ascending."""
    candidates = [int(text)] if is_number(text) else []
    if short_names.is_name(text) or short_names.is_bare(text):
        candidates += short_names.called(text, population.of(question.snapshot).ids)
    return sorted(member.within(question, candidates)) if candidates else []


def is_number(text: str) -> bool:
    """Whether a text can be a member's number."""
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text) < 2**63


def values(home: Home, log: Store, operator: Operator, text: str, *, now: datetime) -> pd.DataFrame:
    """Everybody who has this phone, e-mail or number, as ``identities.find`` gives them, in the first of its spellings that anybody has.

    That somebody did so is in the audit log before the answer, with the types and numbers found and never the text. Raises ``Forbidden``.
    """
    for spelling in spellings(text):
        found = identities.find(home, operator, spelling)
        if len(found):
            break
    members = [str(one) for one in sorted(set(found["member_id"].tolist()))]
    details = {"members": members, "types": sorted(set(found["identity_type"])), "world": home.world}
    with log.transaction() as session:
        audit.append(session, operator, "member.looked_up", "member", details, now=now)
    return found


def spellings(text: str) -> list[str]:
    """What somebody may have meant: as typed; without what was pasted along with it; in plain letters and lines. The last is the
    plainest."""
    typed = text.strip()
    shown = "".join(" " if letter.isspace() else letter for letter in typed if unicodedata.category(letter) != "Cf")
    bare = shown.strip(_AROUND)
    plain = unicodedata.normalize("NFKC", bare).translate(_LINES).strip(_AROUND)
    return list(dict.fromkeys((typed, bare, plain)))
