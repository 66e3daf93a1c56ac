"""Campaigns whose messages came to something, as rows, for tests of results."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from core.campaigns import body as bodies
from core.campaigns.body import Body, Variant
from core.store import campaigns
from core.store.campaign_tables import Click, MessageMark, Outgoing
from core.store.session import Store

START = datetime(2025, 3, 10, 4, tzinfo=UTC)
"""Noon of a Monday in Shanghai."""
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
Row = Mapping[str, Any]


def body(**more: Any) -> Body:
    """One that asks nothing unusual: ``Body`` with two variants, the rest as said."""
    usual: dict[str, Any] = {
        "goal": "repeat",
        "channels": ("sms",),
        "segments": (1,),
        "variants": (Variant("A"), Variant("B")),
    }
    return Body(**(usual | more))


def launch(store: Store, code: str = "c1", *, state: str = "sending", said: Body | None = None, **more: Any) -> int:
    """A campaign as it stands after its launch; returns its number."""
    with store.transaction() as session:
        row = campaigns.add(
            session, code, code, bodies.to_json(said or body()), salt="s", units=None, by="lin", now=START
        )
        row.state = state
        for name, value in more.items():
            setattr(row, name, value)
        session.flush()
        return row.id


def priced(**by_channel: int) -> dict[str, Any]:
    """What was written down at the launch, as far as prices go."""
    return {"flows": [{"channel": channel, "price_minor": price} for channel, price in by_channel.items()]}


def message(member_id: int, state: str = "delivered", **more: Any) -> dict[str, Any]:
    """A row of the outbox, and what it came to: ``marks`` (time by name; one that was handed over is ``sent`` at the start where nothing else is said), ``clicks`` (people's, machines')."""
    return {"member_id": member_id, "state": state} | more


def send(store: Store, campaign_id: int, rows: Sequence[Row]) -> list[int]:
    """Put messages there; returns their numbers."""
    usual = {
        "campaign_id": campaign_id, "step": 0, "channel": "sms", "variant": "A", "planned_at": START, "due_at": START, "fence": 0, "attempts": 0,
    }  # fmt: skip
    numbers: list[int] = []
    with store.transaction() as session:
        for row in rows:
            plain = usual | {name: value for name, value in row.items() if name not in ("marks", "clicks")}
            was_sent = row["state"] in ("accepted", "delivered", "unknown")
            if was_sent and "fence" not in row:
                plain["fence"] = 1
            number = session.scalars(insert(Outgoing).values(**plain).returning(Outgoing.id)).one()
            numbers.append(number)
            marks = row.get("marks", {"sent": START} if was_sent else {})
            for name, at in marks.items():
                session.add(MessageMark(message_id=number, campaign_id=campaign_id, mark=name, at=at))
            if "clicks" in row:
                people, machines = row["clicks"]
                at = marks.get("clicked", START)
                session.add(
                    Click(
                        message_id=number, number=1, campaign_id=campaign_id, first_at=at, last_at=at, count=people + machines, machine_count=machines,
                    )
                )  # fmt: skip
    return numbers
