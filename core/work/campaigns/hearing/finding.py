"""Mass messages of WeCom of which nobody knows whether they were made, looked for among those that WeCom lists: nobody is asked twice, and what was made is waited for.

One that fits is the answer. None, or several that cannot be told apart, are for a person to decide.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from core.campaigns import body as bodies
from core.errors import Refusal
from core.senders.parcels import Parcel, alike
from core.senders.sender import NotSent
from core.senders.ways.wecom import WecomGroup, WecomSingle
from core.senders.wecom import progress
from core.senders.wecom.calls import Calls
from core.store import campaigns, connectors, outbox, trials
from core.store.campaign_tables import Outgoing
from core.work.campaigns.texts import rendering
from core.work.campaigns.ways_out.ways import Ways
from core.work.home import Home

WAYS: dict[str, type[WecomSingle]] = {"wecom": WecomSingle, "group_chat": WecomGroup}
LOOKED_FOR, LEEWAY, LONGEST_CALL = timedelta(days=1), timedelta(minutes=1), timedelta(minutes=10)
"""How long after it was asked for, how far clocks may differ, how long a request may have been on its way."""
MOST = 1000


def find(home: Home, ways: Ways, now: datetime) -> int:
    """Returns how many messages are known to be with WeCom after all. What cannot be asked now is asked the next time; sending says what is wrong with the connector."""
    with home.store.reading() as session:
        doubtful = outbox.doubtful(session, tuple(WAYS), now - LOOKED_FOR, MOST)
        connector = connectors.in_use(session, "wecom") if doubtful else None
        try:
            calls = ways.calls(session, connector.id) if connector is not None and connector.halted is None else None
        except Refusal:
            calls = None
    if not isinstance(calls, Calls):
        return 0
    done = 0
    for (channel, campaign_id), some in groupby(doubtful, lambda one: (one.channel, one.campaign_id)):
        try:
            done += _found(home, calls, channel, campaign_id, list(some), now)
        except NotSent:  # it only asked; the next look asks again
            break
    return done


def _found(
    home: Home, calls: Calls, channel: str, campaign_id: int, doubtful: Sequence[Outgoing], now: datetime
) -> int:
    way, done = WAYS[channel](calls), 0
    times = [one.begun_at for one in doubtful if one.begun_at is not None]
    since, until = min(times) - LEEWAY, min(max(times) + LONGEST_CALL, now)
    listed = progress.listed(calls, way.chat_type, since, max(since, until), now)
    with home.store.reading() as session:
        known = outbox.named_since(session, tuple(WAYS), since - LEEWAY)
        known |= trials.named_since(session, tuple(WAYS), since - LEEWAY)
    for at, ids, parcels in _calls_made(home, campaign_id, doubtful, now):
        message = way.message(parcels)
        fitting = progress.matching(listed, message, at - LEEWAY, at + LONGEST_CALL, known)
        if len(fitting) == 1:
            with home.store.transaction() as session:
                done += outbox.found_again(session, ids, fitting[0], now)
            known.add(fitting[0])
    return done


def _calls_made(
    home: Home, campaign_id: int, doubtful: Sequence[Outgoing], now: datetime
) -> list[tuple[datetime, list[int], list[Parcel]]]:
    """What was handed over in one call: at one moment, and saying the same."""
    with home.store.reading() as session:
        campaign = campaigns.one(session, campaign_id)
    written = rendering.parcels(home, campaign, bodies.parse(campaign.body), _claims(doubtful), now)
    made: dict[tuple[object, ...], tuple[datetime, list[int], list[Parcel]]] = {}
    for one in doubtful:
        parcel = written.get(one.id)
        if isinstance(parcel, Parcel) and one.begun_at is not None:
            _, ids, parcels = made.setdefault((one.begun_at, *alike(parcel)), (one.begun_at, [], []))
            ids.append(one.id)
            parcels.append(parcel)
    return list(made.values())


def _claims(doubtful: Sequence[Outgoing]) -> list[outbox.Claim]:
    return [
        outbox.Claim(
            one.id, one.campaign_id, one.step, one.member_id, one.identity_key, one.channel, one.variant, one.fence, one.attempts, one.expires_at, one.address_mac, one.place
        )
        for one in doubtful
    ]  # fmt: skip
