"""The campaign of the demo brand that was sent to some and not to others, as the outbox of a house would hold it: so its lift can be seen at once, and held against the truth.

Its messages and orders stand in the lake already (``planted``, ``touching``); here is who was chosen, who was held out, and what became of each message.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import insert, select

from core.campaigns import body as bodies
from core.campaigns.body import Body, Content, Schedule, Variant
from core.scope import SYSTEM
from core.store import campaigns, choices, connectors, message_marks, outbox, segments
from core.store.campaign_tables import Campaign, Click, Outgoing
from core.store.session import Session
from core.work.campaigns import policy, review
from core.work.campaigns.policy import Policy
from core.work.campaigns.recipients import gates
from core.work.campaigns.ways_out import connector_kinds, connector_secrets
from core.work.demo.brand import LIFT
from core.work.demo.people import People
from core.work.demo.planted import TREATED_SHARE, Lift
from core.work.demo.rhythm import Ints, Span
from core.work.demo.touching import LIFT_COST_MINOR
from core.work.home import Home
from core.work.questions import population

BY = "demo"
CHANNEL, VARIANT = "wecom", "A"
TRIAL = {"quiet_start": "00:00", "quiet_end": "00:00", "stands_for": CHANNEL}
MARKS = ("sent", "delivered", "opened", "clicked")
HOUSE, CONSOLE = "云岫茶集", "演练（不外发）"
LINK = "https://shop.example.com/hui-gui"
TEXT = f"{HOUSE}：{{{{tier|会员}}}}，好久不见。您常喝的茶到新货了，回来坐坐，备了一份回访礼。不想再收到请回复T"
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Sides:
    """Identities of those written to and of those held out."""

    treated: Ints
    held: Ints


def sides(people: People, lift: Lift) -> Sides:
    return Sides(people.main_key(lift.treated), people.main_key(lift.holdout))


def plant(home: Home, span: Span, lift_day: int, chosen: Sides) -> None:
    """One completed campaign, by its name in the lake. ``lift_day``: number of the day on which it was sent."""
    with home.lake.open() as snapshot:
        found = population.of(snapshot)
        touches = snapshot.table("touches")
        here = touches.filter((touches.campaign_id == LIFT) & touches.state.isin(MARKS))
        rows = snapshot.frame(here.select("identity_key", "state", "occurred_at"))
        named = snapshot.current("campaigns").filter(lambda table: table.campaign_id == LIFT)
        name = snapshot.arrow(named.select("name"))["name"][0].as_py()
        version = snapshot.version
    start = datetime.fromtimestamp(int(span.starts_s[lift_day]), UTC)
    at = rows.pivot_table(index="identity_key", columns="state", values="occurred_at", aggfunc="min")
    members = _members(found, np.concatenate([chosen.treated, chosen.held]))
    with home.store.transaction() as session:
        audience = segments.save(
            session, f"{name}：受众", "", sorted(members), definition={"kind": "demo"}, lake_version=version, by=BY, now=start
        )  # fmt: skip
        row = _campaign(session, name, audience.id, start, len(chosen.treated))
        row.launched = _launched(chosen, start + 9 * HOUR, version)
        outbox.plan_columns(session, row.id, _columns(found, chosen, at, start + 10 * HOUR), start + 9 * HOUR)
        _mark(session, row.id, found, at)
        _way_out(home, session, start)


def _way_out(home: Home, session: Session, now: datetime) -> None:
    """Nothing leaves the demo, but what would have gone out is written down: sending can be tried from the first moment."""
    values = {
        "name": CONSOLE,
        "kind": "console",
        "channel": "console",
        "settings": connector_kinds.read("console", TRIAL, ()),
    }
    row = connectors.add(session, values, by=BY, now=now)
    row.sealed, row.is_on = connector_secrets.seal(home.keys, row.id, {}), True
    choices.write(session, policy.KEPT, asdict(Policy((HOUSE,))) | {"names": [HOUSE]}, by=BY, now=now)


def _members(found: population.Population, keys: Ints) -> list[int]:
    return [int(one) for one in found.ids[found.subjects.codes(keys)]]


def _campaign(session: Session, name: str, segment_id: int, start: datetime, count: int) -> Campaign:
    """``count``: messages."""
    said = Body(
        goal="win_back", segments=(segment_id,), channels=(CHANNEL,), holdout=round(1 - TREATED_SHARE, 4), schedule=Schedule("at", start + 10 * HOUR),
        variants=(Variant(VARIANT, 1, {CHANNEL: Content(TEXT, link=LINK, link_title="回访礼")}),),
    )  # fmt: skip
    row = campaigns.add(session, LIFT, name, bodies.to_json(said), salt=BY, units=None, by=BY, now=start - 48 * HOUR)
    end = start + 11 * HOUR
    campaigns.move(session, row.id, before="draft", state="completed", now=end, starts_at=start + 10 * HOUR)
    digest = {"digest": review.fingerprint(session, row)}
    told: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
        ("created", -48, BY, {}),
        ("handed_in", -30, BY, digest),
        ("approved", -26, BY, digest | {"count": count}),
        ("started", -24, BY, {"starts_at": (start + 10 * HOUR).isoformat()}),
        ("launched", 9, SYSTEM.name, {"will_send": count}),
        ("completed", 11, SYSTEM.name, {"delivered": count}),
    )
    for action, hours, by, details in told:
        campaigns.tell(session, row.id, action, details, by=by, now=start + hours * HOUR)
    campaigns.link(session, row.id, 1, LINK)
    return row


def _launched(chosen: Sides, at: datetime, version: int) -> dict[str, Any]:
    """What was true at launch, as planning writes it down: nobody was lost but those held out."""
    sent, everybody = len(chosen.treated), len(chosen.treated) + len(chosen.held)
    left = dict.fromkeys((*gates.OF_MEMBERS, "address"), everybody) | {"holdout": sent, "budget": sent}
    lost = {"holdout": len(chosen.held)}
    steps = [{"name": name, "left": count, "lost": lost.get(name, 0)} for name, count in left.items()]
    flow = {"channel": CHANNEL, "entered": everybody, "price_minor": LIFT_COST_MINOR, "gates": steps}
    return {
        "audience": everybody, "will_send": sent, "holdout": len(chosen.held), "cost_minor": sent * LIFT_COST_MINOR, "is_profiled": False, "flows": [flow],
        "prices": {CHANNEL: LIFT_COST_MINOR}, "at": at.isoformat(), "lake_version": version,
    }  # fmt: skip


def _columns(found: population.Population, chosen: Sides, at: pd.DataFrame, due: datetime) -> dict[str, list[Any]]:
    """Of the outbox: the treated, then those held out."""
    keys, treated, held = np.concatenate([chosen.treated, chosen.held]), len(chosen.treated), len(chosen.held)
    sent = [one.replace(tzinfo=UTC) for one in at["sent"].reindex(pd.Index(chosen.treated)).dt.to_pydatetime()]
    times: list[datetime | None] = [*sent, *[None] * held]
    return {
        "member_id": _members(found, keys),
        "channel": [CHANNEL] * len(keys),
        "variant": [VARIANT] * len(keys),
        "identity_key": [int(one) for one in keys],
        "state": ["delivered"] * treated + ["holdout"] * held,
        "due_at": [due] * len(keys),
        "slot_at": times,
        "begun_at": times,
        "ended_at": times,
        "fence": [1] * treated + [0] * held,
        "attempts": [1] * treated + [0] * held,
    }


def _mark(session: Session, campaign_id: int, found: population.Population, at: pd.DataFrame) -> None:
    """What the lake says of each message, which it knows already."""
    here = select(Outgoing.member_id, Outgoing.id).where(Outgoing.campaign_id == campaign_id)
    number = {int(member): int(message) for member, message in session.execute(here)}
    members = _members(found, at.index.to_numpy())
    messages = pd.Series([number[one] for one in members], at.index)
    for name in MARKS:
        known = at[name].dropna()
        rows = [
            {"message_id": message, "campaign_id": campaign_id, "mark": name, "at": moment.replace(tzinfo=UTC), "is_told": True}
            for message, moment in zip(messages.loc[known.index].tolist(), known.dt.to_pydatetime(), strict=True)
        ]  # fmt: skip
        message_marks.mark_all(session, rows)
        if name == "clicked":
            clicks = [
                {"message_id": row["message_id"], "number": 1, "campaign_id": campaign_id, "first_at": row["at"], "last_at": row["at"], "count": 1, "machine_count": 0}
                for row in rows
            ]  # fmt: skip
            session.execute(insert(Click), clicks)
