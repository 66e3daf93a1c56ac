"""What ``ask member`` prints: one member's figures, where it stands, and where a message would be stopped; no personal values."""

from datetime import UTC, datetime
from typing import Any

from babel.numbers import get_currency_precision

from core.errors import Refusal, Unknown
from core.privacy import short_names
from core.scope import Filters
from core.store import belonging, tags
from core.work.home import Home
from core.work.questions import member, member_gates, member_standing, population, suppressions
from core.work.questions.member import Member
from core.work.questions.member_standing import Standing
from core.work.questions.reading import Reading, reading

Row = dict[str, Any]


def told(home: Home, filters: Filters, options: Row) -> list[Row]:
    """One row of the member whose number or short name ``of`` says. Raises ``Unknown``, and ``Refusal`` where nobody is named."""
    text = str(options.get("of") or "")
    if not text:
        raise Refusal("Say which member: --of NUMBER or --of M-XXXXXX.", option="--of")
    now = datetime.now(UTC)
    with reading(home, filters, now=now) as lake:
        found = member.of(lake, _number(lake, text))
        standing = member_standing.of(lake, found)
        with home.store.reading() as session:
            stopped = suppressions.of_member(session, found.keys)
        channels = member_gates.of(found, lake.as_of_on, suppressed=stopped)
        row = _figures(found, standing, get_currency_precision(lake.currency))
    with home.store.reading() as session:
        row["tags"] = [tag.name for tag in tags.held_by(session, found.member_id, now, found.keys)]
        row["segments"] = [one.name for one in belonging.segments_of(session, found.member_id, found.keys)]
    row["reachable"] = [one.name for one in channels if one.is_open]
    row["why_not"] = {
        one.name: [f"{gate.gate}: {gate.why}" for gate in one.stops] for one in channels if not one.is_open
    }
    row["refused"] = {name: str(refusal) for name, refusal in standing.refused.items()}
    return [row]


def _number(lake: Reading, text: str) -> int:
    if short_names.is_name(text):
        named = short_names.called(text, population.of(lake.snapshot).ids)
        if len(named) == 1:
            return named[0]
    if text.isascii() and text.isdigit() and int(text) < 2**63:
        return int(text)
    raise Unknown("member", text)


def _figures(found: Member, standing: Standing, digits: int) -> Row:
    def major(minor: int | None) -> float | None:
        return None if minor is None else round(minor / 10**digits, digits)

    bought, profile, rows = found.bought, found.profile, standing.rows
    value, expected, inputs = rows.get("rfm", {}), rows.get("ltv", {}), standing.inputs
    return {
        "member": short_names.label(found.member_id),
        "member_id": str(found.member_id),
        "is_known": found.is_known,
        "joined_at": None if profile.joined_at is None else f"{profile.joined_at.isoformat(timespec='seconds')}Z",
        "acquisition_channel": profile.acquisition_channel,
        "units": list(profile.units),
        "identities": sorted(kind for kind, _ in found.identities.values()),
        "orders": bought.orders,
        "gross": major(bought.gross_minor),
        "refunds": major(-bought.refund_minor),
        "net": major(bought.net_minor),
        "last_order_on": None if bought.last_on is None else bought.last_on.isoformat(),
        "rfm_class": value.get("rfm_class"),
        "value_tier": value.get("value_tier"),
        "lifecycle": standing.life.name if standing.life else None,
        "tier": rows.get("membership", {}).get("tier"),
        "cluster": rows.get("clusters", {}).get("cluster"),
        "chance_365d": _rounded(expected.get("chance_365d")),
        "orders_365d": _rounded(expected.get("orders_365d")),
        "value_365d": major(expected.get("value_365d_minor")),
        "value_365d_low": major(inputs.low_minor if inputs else None),
        "value_365d_high": major(inputs.high_minor if inputs else None),
        "points": found.balance,
        "groups": [stay.group_id for stay in found.stays if stay.left_at is None],
        "messages": len(found.touches),
        "events": len(found.acts),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
