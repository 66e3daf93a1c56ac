"""A way out that is no channel of a person's own asks for consent to, and refusal of, the channel that it stands for: when it is planned, and when it is sent."""

import pytest

from core.store import connectors, suppressions
from core.work.campaigns.recipients import planning
from core.work.questions import references
from tests import lakes
from tests.core.work.campaigns import worlds
from tests.core.work.campaigns.sending_parts import NOW, consent
from tests.core.work.campaigns.written import body, segment
from tests.core.work.notice_parts import house


@pytest.fixture
def home(store, tmp_path):
    """Members 1 and 3 agreed to be written to in the app, 2 by text message, 4 everywhere; 3 has refused the app since."""
    references.forget()
    made = house(tmp_path, store)
    profiles = [{"identity_key": n, "city": "上海", "joined_at": lakes.at("2026-01-01 00:00")} for n in range(1, 5)]
    given = [consent(1, channel="app"), consent(2, channel="sms"), consent(3, channel="app"), consent(4)]
    lakes.add(made, 1, member_profiles=profiles, consents=given)
    with store.transaction() as session:
        about = {"channel": "app", "purpose": "marketing", "member_id": 3, "by": "lin", "now": NOW}
        suppressions.add(session, "unsubscribed", **about)
    return made


@pytest.mark.parametrize(
    ("settings", "planned", "consent"),
    [({"stands_for": "app"}, {1, 4}, {2}), ({"stands_for": "sms"}, {2, 4}, {1, 3}), ({}, {4}, {1, 2, 3})],
)
def test_consent_and_refusal_are_those_of_the_channel_that_it_stands_for(home, store, settings, planned, consent):
    with store.transaction() as session:
        worlds.connector(session, "webhook", "webhook", settings)
    said = body(segment(home), channels=("webhook",), purpose="marketing")
    here = worlds.campaign(store, said)
    planning.materialise(home, here, NOW)
    rows = worlds.outbox(store, here)
    assert {member for (member, _), row in rows.items() if row.state == "planned"} == planned
    assert {member for (member, _), row in rows.items() if row.reason == "gate.consent"} == consent


def test_a_channel_of_people_stands_for_itself(home, store):
    with store.transaction() as session:
        worlds.connector(session, "sms", "sms")
        assert connectors.stands_for(session, "sms") == "sms"
        assert connectors.stands_for(session, "email") == "email"
