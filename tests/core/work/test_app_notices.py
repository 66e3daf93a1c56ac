"""Notices to employees in WeCom, through a WeCom of our own: whom they reach, once, and what is told where they do not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.senders.wecom.app_message import mark
from core.store.tables import AuditEntry
from core.work import delivery_decisions, notice_targets
from core.work.app_notices import AppNotices
from core.work.campaigns.ways_out import connectors
from core.work.deliveries import deliver
from core.work.notice_targets import InvalidTarget
from core.work.questions import notices as asked
from core.work.questions.connectors import listed
from tests.core.work import connector_parts
from tests.core.work.notice_parts import ADMIN, NOW, house, say, target
from tests.fakes.wecom import SEND, working

LATER = NOW + timedelta(minutes=30)


@pytest.fixture
def corp():
    with working(NOW) as corp:
        yield corp


@pytest.fixture
def home(tmp_path, store, corp):
    home = house(tmp_path, store)
    connector_parts.add(home, "wecom", is_on=True, now=NOW, gateway=corp.base)
    return home


def passed(home, at=NOW):
    done = deliver(home, {"app": AppNotices(home)}, at)
    return done.sent, done.failed


def log(home):
    return [(one.state, one.error, one.attempts) for one in reversed(asked.log(home, ADMIN))]


def only(home):
    return asked.targets(home, ADMIN)[0]


def test_a_notice_reaches_each_employee_once(home, corp):
    target(home, "app", "ZhangSan、lisi， LISI")
    say(home, "a", rule="churn", place="", value=0.031, unit="share", warning_id=7)
    assert [passed(home), passed(home, LATER)] == [(1, 0), (0, 0)]
    assert sorted(user for user, _ in corp.inbox) == ["ZhangSan", "lisi"]
    (text,) = {text for _, text in corp.inbox}
    assert text.startswith("Risk warning: churn (whole house)\n")
    assert "https://cockpit.example" in text


def test_those_who_are_not_reached_are_told_of_while_the_others_are_reached(home, corp):
    target(home, "app", "lisi, Nobody")
    say(home, "a")
    assert passed(home) == (1, 0)
    assert (log(home), [user for user, _ in corp.inbox]) == ([("sent", "wecom.users", 1)], ["lisi"])


def test_where_nobody_is_reached_the_target_is_halted_until_a_person_says_so(home, corp):
    one = target(home, "app", "Nobody")
    say(home, "a")
    assert passed(home) == (0, 1)
    assert (log(home), only(home).halted) == ([("failed", "wecom.81013", 1)], "wecom.81013")
    corp.staff.add("Nobody")
    notice_targets.resume(home, home.store, ADMIN, one, now=LATER)
    say(home, "b", now=LATER)
    assert passed(home, LATER) == (1, 0)


def test_after_a_lost_answer_a_person_decides_and_sending_again_doubles_nothing(home, corp):
    target(home, "app", "lisi")
    say(home, "a")
    corp.loses[SEND] = 1
    assert passed(home) == (0, 0)
    (lost,) = asked.log(home, ADMIN)
    assert (lost.state, passed(home, LATER)) == ("unknown", (0, 0))
    delivery_decisions.again(home, home.store, ADMIN, lost.delivery_id, now=LATER)
    corp.now = LATER
    assert passed(home, LATER) == (1, 0)
    assert len(corp.inbox) == 1


def test_a_wrong_secret_halts_the_target_and_no_word_of_it_is_kept(home, corp):
    target(home, "app", "lisi")
    say(home, "a")
    corp.secret = "another"
    assert passed(home) == (0, 1)
    assert only(home).halted == "wecom.40001"


def test_a_notice_waits_while_no_connector_is_on(home, corp):
    target(home, "app", "lisi")
    (one,) = listed(home, ADMIN)
    connectors.switch(home, home.store, ADMIN, one.connector_id, is_on=False, revision=one.revision, now=NOW)
    say(home, "a")
    assert (passed(home), only(home).has_sender, only(home).halted) == ((0, 0), False, None)
    assert log(home) == [("queued", "wecom.connector", 1)]
    connectors.switch(home, home.store, ADMIN, one.connector_id, is_on=True, revision=one.revision + 1, now=NOW)
    assert (passed(home, LATER), only(home).has_sender) == ((1, 0), True)


def test_a_long_digest_is_cut_to_what_wecom_shows_with_its_mark(home, corp):
    target(home, "app", "lisi", digest_minutes=10)
    say(home, *(f"r{number} {'长' * 60}" for number in range(40)), now=NOW)
    assert [passed(home), passed(home, LATER)] == [(0, 0), (1, 0)]
    ((_, text),) = corp.inbox
    body, _, told = text.rpartition("\n#")
    (one,) = [one for one in asked.log(home, ADMIN) if one.state == "sent"]
    assert len(text.encode()) <= 2048 < 40 * 60 * 3
    assert body.endswith("…")
    assert len(told) == len(mark("x"))
    assert one.notice == "digest"


@pytest.mark.parametrize("said", ["", " , ", "@all", "张三", "a" * 65, ",".join(f"u{one}" for one in range(51))])
def test_what_names_no_employees_is_refused(home, said):
    with pytest.raises(InvalidTarget) as refused:
        target(home, "app", said)
    assert refused.value.details["reason"] == "users"


def test_without_a_connector_of_wecom_there_is_no_such_target(tmp_path, corp):
    home = house(tmp_path)
    with pytest.raises(InvalidTarget) as refused:
        target(home, "app", "lisi")
    assert refused.value.details["reason"] == "app"
    home.store.close()


def test_the_first_employees_are_shown_and_none_stands_in_the_audit_log(home):
    target(home, "app", "ada bob cyd dan eve")
    assert only(home).address == "ada, bob, cyd +2"
    with home.store.reading() as session:
        entries = [str(one.details) for one in session.scalars(select(AuditEntry))]
    assert entries and not any("ada, bob" in one for one in entries)
