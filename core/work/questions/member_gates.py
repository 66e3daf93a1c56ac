"""Why a message would not reach one member: every gate of every channel with what it rests on, by the rules of ``core.segments.reach``.

What the waterfall of a segment asks of everybody is asked here of one member's own rows, so it is at hand at once, and all gates are
told and not the first alone that stops.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import Literal

from core.segments import reach as rules
from core.segments.reach import GATES, USUAL_CAP, Cap, Gate
from core.store.suppression_entries import Entry
from core.work.questions.member import Member, Touch

Details = Mapping[str, object]
ORDER: tuple[Gate | Literal["suppression"], ...] = (
    *GATES[: GATES.index("consent") + 1],
    "suppression",
    *GATES[GATES.index("consent") + 1 :],
)


@dataclass(frozen=True, slots=True)
class Told:
    """One gate of one channel. ``why``: what it rests on, ``details``: its values (times naive in UTC)."""

    gate: Gate | Literal["suppression"]
    passes: bool
    why: str
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Channel:
    """All gates that a channel has, in order. ``on``: the day it is told of."""

    name: str
    on: date
    gates: tuple[Told, ...]

    @property
    def is_open(self) -> bool:
        return all(gate.passes for gate in self.gates)

    @property
    def stops(self) -> tuple[Told, ...]:
        return tuple(gate for gate in self.gates if not gate.passes)


def of(
    member: Member, on: date | None, cap: Cap = USUAL_CAP, *, suppressed: Sequence[Entry] | None = None
) -> tuple[Channel, ...]:
    """The channels of reach in their order, as of a business day; none without data. ``suppressed``: what stands for the member; None = not asked, and no gate."""
    if on is None:
        return ()
    return tuple(Channel(name, on, tuple(_told(member, name, on, cap, suppressed))) for name in rules.CHANNELS)


def _told(member: Member, channel: str, on: date, cap: Cap, suppressed: Sequence[Entry] | None) -> list[Told]:
    found = {
        "trial": _trial(member),
        "minor": _minor(member, on),
        "consent": _consent(member, channel),
        "suppression": None if suppressed is None else _suppression(suppressed, channel),
        "identity": _identity(member, channel),
        "friend": _friend(member) if channel == "wecom" else None,
        "quota": _quota(member, channel, on),
        "cap": _cap(member, on, cap),
    }
    told = [found[gate] for gate in ORDER]
    return [one for one in told if one is not None]


def _trial(member: Member) -> Told:
    return Told("trial", not member.profile.is_test, "test" if member.profile.is_test else "person")


def _minor(member: Member, on: date) -> Told:
    """The age by the year of birth; who tells none is not known to be young."""
    if member.profile.birth_year is None:
        return Told("minor", True, "age_unknown")
    age = on.year - member.profile.birth_year
    return Told("minor", age > rules.CHILD_AGE, "age", {"age": age, "least": rules.CHILD_AGE})


def _consent(member: Member, channel: str) -> Told:
    rows = [row for row in member.consent_rows if row["purpose"] == rules.PURPOSE and row["channel"] in (None, channel)]
    if not rows:
        return Told("consent", False, "never")
    row = max(rows, key=lambda row: (row["occurred_at"], row["state"] != "given"))
    details = {"at": row["occurred_at"], "source": row["source"], "channel": row["channel"], "proof": row["proof"]}
    is_given = row["state"] == "given"
    return Told("consent", is_given, "given" if is_given else "withdrawn", details)


def _suppression(suppressed: Sequence[Entry], channel: str) -> Told:
    """The newest of what stands for the channel and for marketing."""
    standing = [one for one in suppressed if one.channel in (None, channel) and one.purpose in (None, rules.PURPOSE)]
    if not standing:
        return Told("suppression", True, "not_suppressed")
    last = max(standing, key=lambda one: (one.at, one.suppression_id))
    at = last.at.astimezone(UTC).replace(tzinfo=None)
    return Told(
        "suppression", False, "suppressed", {"at": at, "reason": last.kind, "by": last.by, "channel": last.channel}
    )


def _identity(member: Member, channel: str) -> Told:
    if channel == "group_chat":
        inside = [stay.group_id for stay in member.stays if stay.left_at is None]
        return Told(
            "identity", bool(inside), "in_group" if inside else "no_group", {"groups": tuple(dict.fromkeys(inside))}
        )
    wanted = rules.IDENTITY_OF[channel]
    has_one = any(
        rules.is_of_channel(channel, kind, space, member.accounts) for kind, space in member.identities.values()
    )
    return Told("identity", has_one, "has_identity" if has_one else "no_identity", {"type": wanted, "of": channel})


def _friend(member: Member) -> Told:
    known = member.profile.is_friend
    return Told("friend", bool(known), "is_friend" if known else "friend_unknown" if known is None else "not_friend")


def _quota(member: Member, channel: str, on: date) -> Told | None:
    most = rules.quota_of(channel, monthrange(on.year, on.month)[1])
    if most is None:
        return None
    sent = [touch for touch in _sent(member, on, on.day) if touch.channel == channel]
    details = {"sent": len(sent), "most": most, "free_on": _next_month(on)}
    return Told("quota", len(sent) < most, *_known(member, on.replace(day=1), "month", details))


def _cap(member: Member, on: date, cap: Cap) -> Told:
    sent = _sent(member, on, cap.days)
    free = None
    if len(sent) >= cap.messages:
        days = sorted((touch.on for touch in sent), reverse=True)
        free = days[cap.messages - 1] + timedelta(days=cap.days)
    details = {"sent": len(sent), "most": cap.messages, "days": cap.days, "free_on": free}
    return Told("cap", len(sent) < cap.messages, *_known(member, on - timedelta(days=cap.days - 1), "days", details))


def _known(member: Member, first: date, why: str, details: Details) -> tuple[str, Details]:
    """Why, and its values; where no message to anybody is known of the days from ``first`` on, that none counts says little."""
    if member.touched_on is None:
        return "no_touches", {"most": details["most"]}
    if member.touched_on < first:
        return "old_touches", {"most": details["most"], "until": member.touched_on}
    return why, details


def _sent(member: Member, on: date, days: int) -> Sequence[Touch]:
    """Messages of the last business days that did not fail, newest first."""
    first = on - timedelta(days=days - 1)
    return [touch for touch in member.touches if "failed" not in touch.states and first <= touch.on <= on]


def _next_month(on: date) -> date:
    return (on.replace(day=1) + timedelta(days=32)).replace(day=1)
