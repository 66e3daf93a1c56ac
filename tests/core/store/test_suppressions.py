"""Who is not to be written to: what stands for every channel or purpose stands for each, and what was lifted stands no more."""

import pytest
from sqlalchemy import select

from core.store import suppressions
from core.store.campaign_tables import Suppression


def test_a_member_or_an_address_is_suppressed_on_the_channel_and_for_the_purpose_that_were_said(store, now):
    with store.transaction() as session:
        add = lambda **about: suppressions.add(session, "manual", by="lin", now=now, **about)  # noqa: E731
        assert add(channel="sms", purpose="marketing", member_id=1)
        assert add(channel=None, purpose=None, member_id=2)
        assert add(channel="email", purpose=None, address_mac=b"m")
        assert not add(channel="sms", purpose="marketing", member_id=1)
        sms = suppressions.everybody(session, "sms", "marketing")
        assert (sms.members, sms.macs) == ({1, 2}, frozenset())
        assert suppressions.everybody(session, "sms", "service").members == {2}
        email = suppressions.of(session, "email", "service", [2, 3], [b"m", b"n"])
        assert email.has(2, None) and email.has(9, b"m") and not email.has(3, b"n")


def test_what_was_lifted_stands_no_more_and_may_be_said_again(store, now):
    with store.transaction() as session:
        said = {"channel": "sms", "purpose": "marketing", "member_id": 1, "by": "lin", "now": now}
        suppressions.add(session, "unsubscribed", **said)
        found = suppressions.everybody(session, "sms", "marketing")
        assert found.members == {1}
        assert suppressions.lift(session, 1, "asked for it by telephone", by="wu", now=now)
        assert not suppressions.lift(session, 1, "again", by="wu", now=now)
        assert suppressions.everybody(session, "sms", "marketing").members == frozenset()
        assert suppressions.add(session, "unsubscribed", **said)


@pytest.mark.parametrize("is_many", [False, True])
def test_a_refusal_takes_the_place_of_what_stands_for_another_reason_and_nothing_takes_that_of_a_refusal(
    store, now, is_many
):
    def add(kind, by):
        about = {
            "channel": "sms",
            "purpose": None,
            "member_id": 1,
            "address_mac": None,
            "message_id": None,
            "reason": "",
        }
        if is_many:
            return suppressions.add_all(session, [about | {"kind": kind, "by": by, "at": now}]) == 1
        return suppressions.add(session, kind, **about, by=by, now=now)

    with store.transaction() as session:
        assert add("manual", "lin")
        assert not add("bounced", "platform")
        assert add("unsubscribed", "customer")
        assert not add("complained", "customer") and not add("manual", "lin")
        rows = session.execute(
            select(Suppression.kind, Suppression.lifted_by, Suppression.lifted_reason).order_by(Suppression.id)
        ).all()
        assert [tuple(row) for row in rows] == [("manual", "customer", "refused"), ("unsubscribed", None, "")]
        assert suppressions.everybody(session, "sms", "marketing").members == {1}
