"""Who is not to be written to: what stands for every channel or purpose stands for each, and what was lifted stands no more."""

from core.store import suppressions


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
