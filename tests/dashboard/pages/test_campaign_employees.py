"""Employees who must send messages of a campaign themselves, through the frame: who has, who has not, and reminding them when the platform lets."""

from datetime import timedelta

import pytest

from core.campaigns.body import Content, Variant
from core.store import campaigns
from core.store.campaign_tables import Connector, MassEmployee, MassTask, Outgoing
from tests.dashboard.pages.campaigning import TEXT, body, fill, home, html, log, now, page, press, segment, sending
from tests.dashboard.pages.conftest import said


def asked(number, reminded=()):
    """One mass message to four employees: one has sent it, two wait, of one nothing is told."""
    with home().store.transaction() as session:
        session.add(Connector(id=1, name="w", kind="wecom", channel="wecom", settings={}, sealed=b"", is_on=True, revision=1, by="lin", at=now()))  # fmt: skip
        session.flush()
        task = MassTask(connector_id=1, campaign_id=number, msgid="m1", asked_at=now(), next_look_at=now(), reminded=[at.isoformat() for at in reminded])  # fmt: skip
        session.add(task)
        session.flush()
        for name, state in (("wang", "sent"), ("zhao", "waiting"), ("qian", "waiting"), ("sun", "untold")):
            sent_at = now() if state == "sent" else None
            session.add(MassEmployee(task_id=task.id, userid=name, state=state, sent_at=sent_at, recipient_count=9))
        session.query(Outgoing).filter_by(campaign_id=number, state="planned").update(
            {"state": "accepted", "provider_id": "m1", "fence": 1}
        )
        return task.id


@pytest.fixture
def going(store):
    fill()
    return sending(body(segment(), channels=("webhook",), variants=(Variant("A", 1, {"webhook": Content(TEXT)}),)))


@pytest.fixture
def wecom(going):
    """The same on WeCom: what it is sent on stands in its body."""
    with home().store.transaction() as session:
        row = campaigns.one(session, going)
        row.body = row.body | {"channels": ["wecom"]}
    return going


def test_who_has_sent_it_is_told_with_who_has_not(opened, wecom):
    asked(wecom)
    test = page(opened, wecom)
    assert not test.exception
    told = said(test)
    assert "4 份待发任务，已发 1 份（25.0%）" in told and "2 人还没发" in told
    assert all(name in told for name in ("wang", "zhao", "qian", "sun"))


def test_employees_are_reminded_once_and_it_stands_in_the_log(opened, wecom):
    task = asked(wecom)
    test = press(page(opened, wecom), f"ce_remind_{task}")
    assert "后台会提醒 2 位员工" in said(test) and log(wecom)[-1] == "reminded"
    with home().store.reading() as session:
        assert session.get(MassTask, task).remind_by == "manager1"
    test = press(test, f"ce_remind_{task}")
    assert "刚刚有人要求过提醒" in test.error[0].value


def test_after_three_times_in_a_day_it_says_from_when_on_again(opened, wecom):
    task = asked(wecom, [now() - timedelta(hours=hours) for hours in (5, 4, 3)])
    test = page(opened, wecom)
    assert "下次可从" in said(test)
    assert next(one for one in test.button if one.key == f"ce_remind_{task}").disabled


def test_who_only_reads_reminds_nobody(opened, wecom):
    asked(wecom)
    test = page(opened, wecom, role="executive")
    assert "已发 1 份（25.0%）" in said(test) and not [one for one in test.button if (one.key or "").startswith("ce_")]


def test_a_campaign_that_nobody_was_asked_for_has_no_such_part(opened, going):
    assert "employee-rows" not in html(page(opened, going))
