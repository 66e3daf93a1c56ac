"""What tests of things that come back share: a world over either database, people with addresses, messages, and news of platforms."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from core.privacy import pseudonyms
from core.privacy.vault import Vault, identity_label
from core.segments.reach import IDENTITY_OF
from core.store import identity_values, outbox
from core.store.campaign_tables import Campaign, Connector, Inbound, MessageMark, Outgoing, Suppression
from core.work.campaigns.hearing import inbox
from core.work.campaigns.hearing.inbox import News
from core.work.campaigns.ways_out import connector_secrets
from core.work.home import Home
from tests import lakes

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOURCE = "corp"


@dataclass
class World:
    home: Home

    @property
    def store(self):
        return self.home.store

    def campaign(self, code="c1", purpose="marketing", state="sending", **values):
        with self.store.transaction() as session:
            row = Campaign(
                code=code, name=code, state=state, state_at=NOW, body={"purpose": purpose}, salt="s", author="lin", created_at=NOW, changed_by="lin",
                changed_at=NOW, **values,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return row.id

    def person(self, channel, address):
        """Key and MAC of somebody's identity, whose value the store keeps."""
        kind = IDENTITY_OF[channel]
        space = pseudonyms.namespace(kind, SOURCE)
        value = pseudonyms.normalised_text(kind, address)
        mac = pseudonyms.mac_text(self.home.keys, kind, space, value)
        key = pseudonyms.key_of(mac)
        sealed = Vault(self.home.keys).seal([value], [identity_label(key)])[0]
        with self.store.transaction() as session:
            identity_values.add(session, [(key, kind, space, bytes.fromhex(mac), sealed)])
        self.identities = {**getattr(self, "identities", {}), key: (kind, space)}
        return key, bytes.fromhex(mac)

    def know(self):
        """The lake knows all identities so far."""
        facts = [
            {"identity_key": key, "identity_type": kind, "namespace": space, "first_seen_at": datetime(2026, 1, 1)}
            for key, (kind, space) in self.identities.items()
        ]
        with self.home.writer.change("import", 1) as change:
            change.merge("identities", lakes.rows("identities", facts, SOURCE))

    def message(self, campaign, member, channel, address, state="accepted", **values):
        key, mac = self.person(channel, address)
        more = (
            {"slot_at": NOW - HOUR, "begun_at": NOW - HOUR}
            if state not in ("planned", "held", "skipped", "holdout")
            else {}
        )
        row = {"member_id": member, "channel": channel, "state": "planned", "identity_key": key, "address_mac": mac}
        with self.store.transaction() as session:
            outbox.plan(session, campaign, [row], NOW - HOUR)
            found = session.query(Outgoing).filter_by(campaign_id=campaign, member_id=member, channel=channel).one()
            for name, value in ({"state": state} | more | values).items():
                setattr(found, name, value)
            return found.id

    def connector(self, kind, channel, settings=None, **secrets):
        with self.store.transaction() as session:
            row = Connector(
                name=kind, kind=kind, channel=channel, settings=settings or {}, sealed=b"", is_on=True, revision=1, by="lin", at=NOW, failures=0
            )  # fmt: skip
            session.add(row)
            session.flush()
            row.sealed = connector_secrets.seal(self.home.keys, row.id, secrets)
            return row.id

    def told(self, connector, kind, body, to="", at=NOW):
        """As the receiver keeps it."""
        news = News(body, to)
        with self.store.transaction() as session:
            return inbox.keep(session, inbox.vault(self.home.keys), connector, kind, inbox.key_of(kind, news), news, at)

    def rows(self, table):
        with self.store.reading() as session:
            return list(session.query(table).order_by(*table.__table__.primary_key).all())

    def states(self):
        return {one.id: one.state for one in self.rows(Outgoing)}

    def marks(self):
        return {(one.message_id, one.mark, one.at, one.reason) for one in self.rows(MessageMark)}

    def suppressed(self):
        return {
            (one.kind, one.channel, one.purpose, one.member_id, one.address_mac)
            for one in self.rows(Suppression)
            if one.lifted_at is None
        }

    def waiting(self):
        return [(one.attempts, one.error, one.handled_at) for one in self.rows(Inbound)]


def world(folder, store):
    made = lakes.home(folder)
    made.store.close()
    return World(replace(made, store=store))
