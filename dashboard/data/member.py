"""One member, for the page that tells all of it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pandas as pd

from core.errors import Unknown
from core.models.scores.reasons import Reason, top
from core.periods import business_date
from core.store import belonging, tags
from core.store.belonging import Inside
from core.store.tags import Held, Told
from core.work import disclosures, lookups
from core.work.questions import (
    identities,
    lifecycle,
    member_gates,
    member_next,
    member_standing,
    member_stream,
    membership,
    rfm,
)
from core.work.questions import member as question
from core.work.questions.identities import Member as Evidence
from core.work.questions.member import Bought, Consent, Member, Order, Profile, Touch
from core.work.questions.member_gates import Channel
from core.work.questions.member_gates import Told as Gate
from core.work.questions.member_groups import Stay
from core.work.questions.member_next import Hint
from core.work.questions.member_standing import PROVIDERS, SCORES, Inputs, Life, Standing
from core.work.questions.member_stream import KINDS
from core.work.questions.membership import By
from dashboard.data import suppressions
from dashboard.data.ground import Ground, stand
from dashboard.web import kept, wiring

__all__ = [
    "KINDS", "LIMITS", "SILENCE", "Bought", "Channel", "Consent", "Evidence", "Gate", "Held", "Hint", "Inputs", "Inside", "Life", "Marks", "Member", "Order", "Profile", "Reason", "Standing", "Stay",
    "Told", "Touch", "View", "evidence", "gates", "hints", "is_empty", "marks", "masks", "member", "named", "nickname", "standing", "top", "zone",
]  # fmt: skip
PERMISSION = "people.see"
SILENCE = lifecycle.Asked().silence
"""Silent weeks after which somebody is lost."""
LIMITS = rfm.USUAL
"""Of the four tiers of value."""


@dataclass(frozen=True, eq=False)
class View:
    """``key`` changes whenever the answer could. ``tier_by``: what the house means by a tier of membership. ``stream``: see
    ``core.work.questions.member_stream``."""

    key: str
    member: Member
    tier_by: By

    @cached_property
    def stream(self) -> pd.DataFrame:
        return member_stream.of(self.member)

    @cached_property
    def counts(self) -> dict[str, int]:
        return member_stream.counts(self.stream)


@dataclass(frozen=True, slots=True)
class Marks:
    """Tags that the member has now, when it got and lost tags, and the segments that hold it."""

    tags: tuple[Held, ...]
    history: tuple[Told, ...]
    segments: tuple[Inside, ...]


def member(member_id: int) -> View:
    """Raises ``Forbidden``, and ``Unknown`` for one who does not exist or belongs to none of the reader's units."""
    ground = stand(PERMISSION)
    return _member(key=f"{ground.key}|{member_id}", _ground=ground, _member_id=member_id)


def is_empty() -> bool:
    """Whether there is nobody yet. Raises ``Forbidden``."""
    return "identity_map" not in stand(PERMISSION).home.lake.manifests.latest().tables


def named(text: str) -> tuple[int, ...]:
    """Members whom an address names, by number or by short name: one, or those who share the name. Raises ``Forbidden``, and
    ``Unknown`` where it names nobody whom the reader may see."""
    ground = stand(PERMISSION)
    found = _named(key=f"{ground.key}|{text}", _ground=ground, _text=text)
    if not found:
        raise Unknown("member", text)
    return found


def standing(view: View, *, is_whole: bool = False) -> Standing:
    """Where the member stands beside all others; the first member of a version of the lake waits for it. ``is_whole``: with clusters
    and scores, which nobody needs at a glance."""
    names = (*PROVIDERS, SCORES) if is_whole else tuple(name for name in PROVIDERS if name != "clusters")
    return _standing(key=f"{view.key}|{names}", _ground=stand(PERMISSION), _view=view, _names=names)


def hints(view: View, told: Standing) -> list[Hint]:
    """What to do next, by what was ``told`` of the same view."""
    return _hints(key=f"{view.key}|{sorted(told.rows)}", _view=view, _told=told)


def gates(view: View) -> tuple[Channel, ...]:
    """Which rule would stop a marketing message to the member on each channel, as of the newest day with data."""
    on = view.member.as_of
    return member_gates.of(
        view.member,
        None if on is None else business_date(on, zone()),
        suppressed=suppressions.of_member(view.member.keys),
    )


def marks(view: View) -> Marks:
    ground, member_id, now = stand(PERMISSION), view.member.member_id, wiring.now()
    name = ("marks", member_id, view.member.keys, kept.moment(now))
    return kept.while_unwritten(ground.home.store, name, lambda: _marks(ground, member_id, view.member.keys, now))


def evidence(view: View) -> Evidence:
    """Why the identities are one person. Raises as ``member``."""
    ground = stand(PERMISSION)
    return _evidence(key=view.key, _ground=ground, _member_id=view.member.member_id)


def masks(identity_keys: list[int]) -> dict[int, str]:
    """Masked values of identities that the reader was shown by one of the other reads."""
    ground = stand(PERMISSION)
    name = ("masks", *identity_keys)
    return kept.while_unwritten(
        ground.home.store, name, lambda: disclosures.shown(ground.home, ground.operator, identity_keys)
    )


def nickname(view: View) -> tuple[int, str] | None:
    """What the member is called, masked, and the identity that it is filed under; null where nobody told."""
    ground, keys = stand(PERMISSION), view.member.keys
    name = ("nickname", *keys)
    return kept.while_unwritten(
        ground.home.store, name, lambda: disclosures.nickname(ground.home, ground.operator, keys)
    )


def zone() -> str:
    return wiring.house().settings.zone


@kept.by_key(32)
def _named(key: str, _ground: Ground, _text: str) -> tuple[int, ...]:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return tuple(lookups.named(lake, _text))


@kept.by_key(32)
def _member(key: str, _ground: Ground, _member_id: int) -> View:
    with _ground.open() as lake:
        return View(key, question.of(lake, _member_id), membership.house(lake).by)


@kept.by_key(64)
def _hints(key: str, _view: View, _told: Standing) -> list[Hint]:  # noqa: ARG001 - what it is cached by
    return member_next.of(_view.member, _told)


@kept.by_key(64)
def _standing(key: str, _ground: Ground, _view: View, _names: tuple[str, ...]) -> Standing:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return member_standing.of(lake, _view.member, _names)


@kept.by_key(16)
def _evidence(key: str, _ground: Ground, _member_id: int) -> Evidence:  # noqa: ARG001 - what it is cached by
    with _ground.open() as lake:
        return identities.member(_ground.home, lake, _member_id)


def _marks(ground: Ground, member_id: int, keys: tuple[int, ...], now: datetime) -> Marks:
    with ground.home.store.reading() as session:
        return Marks(
            tuple(tags.held_by(session, member_id, now, keys)),
            tuple(tags.history_of(session, member_id, keys)),
            tuple(belonging.segments_of(session, member_id, keys)),
        )
