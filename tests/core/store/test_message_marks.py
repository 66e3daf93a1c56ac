"""What messages came to: each thing once with its first time, however often it is told."""

from datetime import timedelta

from core.store import campaigns, message_marks, outbox


def test_a_mark_is_kept_once_with_its_first_time_and_waits_until_the_lake_knows_it(store, now):
    with store.transaction() as session:
        campaign = campaigns.add(session, "c", "Tea", {}, salt="s", units=None, by="lin", now=now)
        outbox.plan(
            session, campaign.id, [{"member_id": one, "channel": "sms", "state": "planned"} for one in (1, 2)], now
        )
        assert message_marks.mark(session, 1, campaign.id, "sent", now)
        assert not message_marks.mark(session, 1, campaign.id, "sent", now + timedelta(1))
        rows = [{"message_id": one, "campaign_id": campaign.id, "mark": "delivered", "at": now} for one in (1, 2)]
        assert message_marks.mark_all(session, rows) == 2
        assert message_marks.mark_all(session, rows) == 0
        assert message_marks.counts(session, campaign.id) == {"sent": 1, "delivered": 2}
        first = message_marks.untold(session, 2)
        assert [(one.message_id, one.mark, one.at) for one in first] == [(1, "sent", now), (1, "delivered", now)]
        assert message_marks.tell(session, [one.id for one in first]) == 2
        assert message_marks.tell(session, [one.id for one in first]) == 0
        assert [one.message_id for one in message_marks.untold(session, 9)] == [2]
