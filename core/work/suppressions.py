"""Who is not to be written to, said and taken back by hand. A member is stopped together with all addresses of the channel, so that it holds when the member is erased or comes again.

Taking back a refusal needs a new consent that came after it, and gives none: a consent that was withdrawn stays withdrawn until the sources tell another.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from core.campaigns import compliance
from core.campaigns.body import CHANNELS
from core.errors import Refusal, Unknown
from core.periods import business_date
from core.scope import Operator
from core.segments.reach import IDENTITY_OF
from core.store import audit, identity_values, outbox, suppression_entries, suppressions
from core.store.campaign_tables import Suppression
from core.store.session import Store
from core.work import lists, reasons
from core.work import segments as saved
from core.work.campaigns.hearing.unsubscribing import REASON
from core.work.home import Home
from core.work.lists import Matched
from core.work.questions import population, segments
from core.work.questions.reading import Reading, reading

WRITE = "suppression.write"
BY_HAND = ("unsubscribed", "complained", "manual")
"""Why somebody may be stopped by hand: they refused, they complained, or another reason."""
ON = tuple(one for one in CHANNELS if one not in ("group_chat", "robot"))
"""Channels on which members are written to one by one."""
PURPOSES = compliance.PURPOSES
LONGEST = 200
"""Letters of a reason, and of how somebody agreed."""
APART = timedelta(microseconds=1)
"""Between members that are stopped at once, so that each is an occasion of its own."""


class InvalidSuppression(Refusal):
    """Nobody can be stopped so, or it cannot be taken back so: ``reason`` is ``members``, ``kind``, ``channel``, ``purpose``, ``long``, ``how`` or ``on``."""

    code = "suppression.invalid"


class ConsentMissing(Refusal):
    """They refused, so a new consent has to be stated."""

    code = "suppression.consent"


class AlreadyLifted(Refusal):
    """Somebody else has taken it back."""

    code = "suppression.lifted"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``kind``: one of ``BY_HAND``. ``channel``, ``purpose`` None: every one."""

    kind: str
    channel: str | None
    purpose: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Consent:
    """That somebody agreed anew: on which business day, and how that is known."""

    on: date
    how: str


@dataclass(frozen=True, slots=True)
class Added:
    """Members: those who are stopped from now on, and those who were before."""

    new: int
    before: int


def match(
    home: Home,
    log: Store,
    operator: Operator,
    kind: str,
    texts: Sequence[str],
    *,
    now: datetime,
    numbers: Sequence[int] | None = None,
) -> Matched:
    """Whom each line of a list names, within the operator's scope, and which name nobody; as ``lists.match``."""
    return lists.match(home, log, operator, kind, texts, now=now, numbers=numbers, permission=WRITE)


def add(home: Home, log: Store, operator: Operator, members: Collection[int], wanted: Wanted, *, now: datetime) -> Added:  # fmt: skip
    """Nothing of the purpose goes to them on the channel from now on, nor to their addresses; what waits for them is not sent. Raises ``Forbidden``, ``InvalidSuppression``, ``InvalidDecision``
    without a reason, ``Unknown`` for a member who does not exist or is outside the operator's scope: then nobody is stopped."""
    operator.require(WRITE)
    said = _said(wanted)
    with reading(home, scope=operator.scope) as lake:
        whom = _whom(lake, members)
        keys = _keys(lake, whom, wanted.channel)
    with audit.told(home.store, log) as (session, logged):
        macs = identity_values.macs(session, sorted(keys))
        addresses: dict[int, list[bytes]] = {}
        for key, mac in sorted(macs.items()):
            addresses.setdefault(keys[key], []).append(bytes(mac))
        shared: dict[str, Any] = {
            "kind": wanted.kind,
            "channel": wanted.channel,
            "purpose": wanted.purpose,
            "message_id": None,
        }
        shared |= {"reason": said, "by": operator.name}
        times = {member_id: now + place * APART for place, member_id in enumerate(whom)}
        rows = [{**shared, "at": at, "member_id": one, "address_mac": None} for one, at in times.items()]
        new = suppressions.add_all(session, rows)
        others = [{**shared, "at": times[one], "member_id": None, "address_mac": mac} for one, own in addresses.items() for mac in own]  # fmt: skip
        suppressions.add_all(session, others)
        done = Added(new, len(whom) - new)
        outbox.skip_all(session, whom, wanted.channel, wanted.purpose, REASON, now)
        told: dict[str, Any] = {"kind": wanted.kind, "channel": wanted.channel, "purpose": wanted.purpose}
        told |= {"reason": said, "members": len(whom), "new": done.new, "world": home.world}
        thing = f"member:{whom[0]}" if len(whom) == 1 else "members"
        audit.append(logged, operator, "suppression.added", thing, told, now=now)
    return done


def lift(
    home: Home, log: Store, operator: Operator, suppression_id: int, reason: str, *, consent: Consent | None = None, now: datetime
) -> None:  # fmt: skip
    """They may be written to again as far as this one goes. ``consent``: needed where they refused, and not before that. Raises ``Forbidden``, ``ConsentMissing``, ``AlreadyLifted``,
    ``InvalidSuppression``, ``InvalidDecision`` without a reason, ``Unknown`` outside the operator's scope."""
    operator.require(WRITE)
    said = _short(reasons.stated(reason))
    with home.store.reading() as session:
        found = suppression_entries.one(session, suppression_id)
    if found is None or not _is_seen(home, operator, found):
        raise Unknown("suppression", str(suppression_id))
    agreed = _agreed(home, found, consent, now)
    written = said if agreed is None else f"{said}\n{agreed.on.isoformat()} {agreed.how}"
    with audit.told(home.store, log) as (session, logged):
        if not suppression_entries.lift(session, found, written, by=operator.name, now=now):
            raise AlreadyLifted("Somebody has taken it back before.")
        told: dict[str, Any] = {"kind": found.kind, "channel": found.channel, "purpose": found.purpose, "reason": said}
        told |= {} if found.member_id is None else {"member": str(found.member_id)}
        told |= {} if agreed is None else {"consent_on": agreed.on.isoformat(), "consent_how": agreed.how}
        audit.append(
            logged, operator, "suppression.lifted", f"suppression:{suppression_id}", told | {"world": home.world}, now=now
        )  # fmt: skip


def _is_seen(home: Home, operator: Operator, found: Suppression) -> bool:
    """What is of an address alone, or of a place, belongs to no unit."""
    if operator.scope.sees_all:
        return True
    return found.member_id is not None and bool(saved.within(home, operator.scope, [found.member_id]))


def _agreed(home: Home, found: Suppression, consent: Consent | None, now: datetime) -> Consent | None:
    if found.kind not in suppressions.REFUSED:
        return None
    if consent is None or not consent.how.strip():
        raise ConsentMissing("They refused; state the new consent.")
    zone = home.settings.zone
    if not business_date(found.at, zone) <= consent.on <= business_date(now, zone):
        raise InvalidSuppression("The consent has to come after the refusal, and not from the future.", reason="on")
    return Consent(consent.on, _short(reasons.stated(consent.how)))


def _said(wanted: Wanted) -> str:
    """The reason as it is kept."""
    fits = {
        "kind": wanted.kind in BY_HAND,
        "channel": wanted.channel is None or wanted.channel in ON,
        "purpose": wanted.purpose is None or wanted.purpose in PURPOSES,
    }
    wrong = next((name for name, fit in fits.items() if not fit), None)
    if wrong is not None:
        raise InvalidSuppression(f"Nobody can be stopped with this {wrong}.", reason=wrong)
    return _short(reasons.stated(wanted.reason))


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise InvalidSuppression(f"At most {LONGEST} letters.", reason="long", most=LONGEST)
    return text


def _whom(lake: Reading, members: Collection[int]) -> list[int]:
    """As they are called now, ascending. Raises ``Unknown`` for the first who is not there."""
    asked = np.unique(np.fromiter(members, np.int64, len(members)))
    if not len(asked):
        raise InvalidSuppression("Name at least one member.", reason="members")
    everybody = population.of(lake.snapshot)
    now = everybody.current(asked)
    is_there = np.isin(now, everybody.ids[segments.universe(lake)])
    if not is_there.all():
        raise Unknown("member", str(asked[~is_there][0]))
    found: list[int] = np.unique(now).tolist()
    return found


def _keys(lake: Reading, members: Sequence[int], channel: str | None) -> dict[int, int]:
    """Member by identity that the channel sends to; of every channel without one."""
    wanted = set(IDENTITY_OF.values()) if channel is None else {IDENTITY_OF.get(channel, "")}
    if not lake.snapshot.files("identities"):
        return {}
    seen = lake.snapshot.table("identities")
    seen = seen.filter(seen.identity_type.isin(sorted(wanted))).select("identity_key").distinct()
    whom = ibis.memtable(pa.table({"member_id": pa.array(members, pa.int64())}))
    rows = lake.snapshot.arrow(lake.members.semi_join(whom, "member_id").semi_join(seen, "identity_key"))
    return dict(zip(rows["identity_key"].to_pylist(), rows["member_id"].to_pylist(), strict=True))
