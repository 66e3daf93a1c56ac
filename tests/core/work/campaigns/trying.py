"""What tests of trials share: a house with connectors on this machine, a draft that says something on a channel, and a worker that sends what was asked for."""

from dataclasses import replace

from core.campaigns.body import Content, Variant
from core.store.campaign_tables import CampaignTrial
from core.work.campaigns import trials
from core.work.campaigns.outgoing.trying import Trying
from core.work.campaigns.trials import To
from core.work.campaigns.ways_out import connectors
from core.work.campaigns.ways_out.ways import Ways
from tests.core.work.campaigns.sending_parts import Clock
from tests.core.work.campaigns.written import LIN, NOW, Draft
from tests.fakes.ways import Door, Doors, Receiver

SAID = "茶里提醒您：{{city|本地}}的朋友"
GO = "https://go.example.com"


def reaching(home):
    """Sends to this machine, and is reached by links."""
    settings = replace(home.settings, inner_hosts=frozenset({"127.0.0.1"}), links_url=GO)
    return replace(home, settings=settings)


def content(channel, text=SAID, **more):
    usual = {"email": {"title": "新茶到了"}, "sms": {"template": "t1"}}.get(channel, {})
    return Content(text, **{**usual, **more})


def draft(home, channel, text=SAID, *, segment_id=1, more=None, **values):
    """One of Lin's, complete, of one variant on a channel."""
    said = (Variant("A", 1, {channel: content(channel, text, **(more or {}))}),)
    return Draft(home, segment_id, **{"channels": (channel,), "variants": said} | values)


def ask(made, address="", channel=None, *, who=LIN, variant="A", sender="", member_id=None, now=NOW, revision=None):
    row = made.row
    return trials.ask(
        made.home, made.home.store, who, made.id, variant, channel or row.body["channels"][0], To(address, sender), member_id=member_id,
        revision=row.revision if revision is None else revision, now=now,
    )  # fmt: skip


def trying(home, way=None, *, channel="webhook", clock=None, **door):
    """A worker over a way that a test looks into; without one over the connectors of the house."""
    clock = clock or Clock(NOW)
    if way is None and not door:
        return Trying(home, Ways(home), connectors, clock)
    doors = Doors({channel: Door(way or Receiver(), **door)})
    return Trying(home, doors, doors, clock)


def rows(home):
    with home.store.reading() as session:
        return session.query(CampaignTrial).order_by(CampaignTrial.id).all()


def states(home):
    return [(one.state, one.error) for one in rows(home)]
