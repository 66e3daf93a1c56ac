"""Writing a campaign: begun, saved at every step, copied, given up. Whoever changes one that was approved voids its approval."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from core.campaigns import body as bodies
from core.campaigns.body import Body, InvalidCampaign
from core.periods import business_date
from core.scope import Operator
from core.store import audit, campaigns, segments, topics
from core.store.campaign_tables import Campaign
from core.store.session import Session, Store
from core.work.campaigns.review import APPROVAL
from core.work.campaigns.turns import turn
from core.work.home import Home
from core.work.segments import own_units, require_within

LONGEST_NAME = 60
EDITABLE = ("draft", "in_review", "approved", "scheduled")


def create(
    home: Home, log: Store, operator: Operator, name: str, *, now: datetime, segment_ids: Sequence[int] = ()
) -> int:
    """A new draft, its audience perhaps chosen already. It reaches no further than its author does. Raises ``Forbidden``, ``InvalidCampaign``, ``Unknown``."""
    return _created(home, log, operator, name, Body(segments=tuple(segment_ids)), "created", {}, now)


def copy(home: Home, log: Store, operator: Operator, campaign_id: int, name: str, *, now: datetime) -> int:
    """A new draft that says the same; it draws its holdout anew. Raises ``Forbidden``, ``InvalidCampaign``, ``Unknown``."""
    with home.store.reading() as session:
        row = campaigns.one(session, campaign_id)
        body, units, code = bodies.parse(row.body), row.units, row.code
    require_within(home, operator, units)
    return _created(home, log, operator, name, body, "copied", {"from": code}, now)


def save(
    home: Home,
    log: Store,
    operator: Operator,
    campaign_id: int,
    document: object,
    *,
    revision: int,
    now: datetime,
    name: str | None = None,
) -> int:
    """What the author says from now on; returns the revision it is at. The same again changes nothing. Raises ``Forbidden``, ``Unknown``, ``InvalidCampaign``,
    ``CampaignChanged``, ``CampaignState``."""
    body, called = bodies.parse(document), None if name is None else tidy(name)
    with turn(
        home, log, operator, campaign_id, permission="campaign.write", states=EDITABLE, revision=revision, now=now
    ) as one:
        row, kept = one.row, bodies.to_json(body)
        if row.body == kept and called in (None, row.name):
            return row.revision
        _require_known(one.session, body)
        was = row.state
        row.body, row.name, row.revision = kept, called or row.name, row.revision + 1
        row.changed_by, row.changed_at = operator.name, now
        one.session.flush()
        if was != "draft":
            one.move("draft", **dict.fromkeys(APPROVAL))
            one.tell("voided", before=was)
        one.tell("changed", revision=row.revision, digest=bodies.digest(body, {}))
        return row.revision


def discard(home: Home, log: Store, operator: Operator, campaign_id: int, *, now: datetime) -> None:
    """Give up one of which nothing was sent. Raises ``Forbidden``, ``Unknown``, ``CampaignState``."""
    with turn(home, log, operator, campaign_id, permission="campaign.write", states=EDITABLE, now=now) as one:
        one.move("cancelled")
        one.tell("discarded")


def tidy(name: str) -> str:
    """A name without needless spaces. Raises ``InvalidCampaign`` (field ``name``)."""
    told = " ".join(name.split())
    if not 1 <= len(told) <= LONGEST_NAME or not told.isprintable():
        raise InvalidCampaign(f"A campaign needs a name of 1 to {LONGEST_NAME} letters.", field="name")
    return told


def _created(
    home: Home, log: Store, operator: Operator, name: str, body: Body, action: str, details: dict[str, str], now: datetime
) -> int:  # fmt: skip
    operator.require("campaign.write")
    called = tidy(name)
    code = f"c{business_date(now, home.settings.zone):%y%m%d}{secrets.token_hex(3)}"
    with audit.told(home.store, log) as (session, logged):
        _require_known(session, body)
        row: Campaign = campaigns.add(
            session, code, called, bodies.to_json(body), salt=secrets.token_hex(16), units=own_units(operator), by=operator.name, now=now
        )  # fmt: skip
        campaigns.tell(session, row.id, action, details, by=operator.name, now=now)
        known = {"name": called, "code": code, "world": home.world, **details}
        audit.append(logged, operator, f"campaign.{action}", f"campaign:{row.id}", known, now=now)
        topics.bump(session, campaigns.TOPIC)
        return row.id


def _require_known(session: Session, body: Body) -> None:
    """Raises ``Unknown`` for a segment that there is not. One that reaches further than the campaign is cut to the campaign's units."""
    for number in (*body.segments, *body.without):
        segments.one(session, number)
