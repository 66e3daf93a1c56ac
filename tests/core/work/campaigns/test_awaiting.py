"""Mass messages of WeCom that employees must send, and what is asked until it is known what became of each: against a WeCom of our own."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from core.scope import Operator, Scope
from core.senders.wecom import mass
from core.senders.wecom.mass import MassMessage
from core.store import mass_tasks
from core.store.campaign_tables import Campaign, CampaignEntry, Connector, MassEmployee, MassTask, Outgoing
from core.work.campaigns.hearing import awaiting, inbound, pulling, silence
from core.work.campaigns.hearing.awaiting import AWAITED, ReminderTooMuch
from core.work.campaigns.turns import CampaignState
from core.work.campaigns.ways_out import connector_kinds
from core.work.campaigns.ways_out.ways import Ways
from tests.core.work.campaigns.coming_back import DAY, HOUR, MINUTE, NOW
from tests.core.work.campaigns.coming_back import world as made
from tests.core.work.connector_parts import SETTINGS
from tests.fakes import tencent_sms
from tests.fakes import wecom as fake

LIN = Operator(1, "lin", "manager")


class Asked:
    """A campaign whose mass message WeCom has taken: ``ids`` of its messages by customer."""

    def __init__(self, world, corp, customers, channel="wecom"):
        self.world, self.corp = world, corp
        self.ways = Ways(world.home)
        self.connector = world.connector(
            "wecom", "wecom", SETTINGS["wecom"] | {"gateway": corp.base, "price_minor": 0}, secret=fake.SECRET
        )  # fmt: skip
        self.here = world.campaign()
        self.ids = {}
        with world.store.reading() as session:
            self.calls = self.ways.calls(session, self.connector)
        self.msgid = mass.send(self.calls, MassMessage("single", tuple(customers), "hello"), NOW).msgid
        for number, customer in enumerate(customers, 1):
            self.ids[customer] = world.message(self.here, number, channel, customer, provider_id=self.msgid)
        world.know()

    def look(self, now=NOW):
        self.corp.now = now
        return awaiting.look(self.world.home, self.ways, now)

    def states(self):
        found = self.world.states()
        return {customer: found[one] for customer, one in self.ids.items()}

    def task(self):
        [task] = self.world.rows(MassTask)
        return task

    def employees(self):
        return {one.userid: (one.state, one.recipient_count) for one in self.world.rows(MassEmployee)}

    def move(self, state, now=NOW):
        with self.world.store.transaction() as session:
            session.query(Campaign).update({"state": state, "state_at": now})


@pytest.fixture
def corp():
    with fake.working(NOW) as found:
        found.customers = {"wmA": ["lisi"], "wmB": ["lisi"], "wmC": ["ZhangSan"], "wmD": ["lisi"]}
        yield found


@pytest.fixture
def asked(tmp_path, store, corp):
    world = made(tmp_path, store)
    world.home = replace(world.home, settings=replace(world.home.settings, inner_hosts=frozenset({"127.0.0.1"})))
    return Asked(world, corp, ["wmA", "wmB", "wmC", "wmD"])


def test_accepted_is_not_sent_until_the_employee_has_pressed_send(asked):
    looked = asked.look()
    assert (looked.tasks, looked.messages, looked.troubles) == (1, 0, [])
    assert set(asked.states().values()) == {"accepted"} and asked.world.marks() == set()
    assert asked.employees() == {"lisi": ("waiting", 3), "ZhangSan": ("waiting", 1)}


def test_each_customer_came_to_what_wecom_says_once_the_employee_has_sent_it(asked, corp):
    asked.look()
    corp.customers["wmB"] = []
    corp.cap, corp.got["wmD"] = "day1", [(NOW + MINUTE).astimezone(fake.BEIJING).date()]
    corp.now = NOW + MINUTE
    corp.press_send(asked.msgid, "lisi")
    assert asked.look(NOW + MINUTE).messages == 3
    assert asked.states() == {"wmA": "delivered", "wmB": "failed", "wmC": "accepted", "wmD": "failed"}
    ids, at = asked.ids, NOW + MINUTE
    assert asked.world.marks() == {
        (ids["wmA"], "sent", at, None), (ids["wmA"], "delivered", at, None),
        (ids["wmB"], "failed", at, "wecom.not_friend"), (ids["wmD"], "failed", at, "wecom.capped"),
    }  # fmt: skip
    assert asked.employees() == {"lisi": ("sent", 3), "ZhangSan": ("waiting", 1)}
    freed = {one.id for one in asked.world.rows(Outgoing) if one.slot_at is None}
    assert freed == {ids["wmB"], ids["wmD"]}


def test_what_is_known_is_asked_no_more(asked, corp):
    for employee in ("lisi", "ZhangSan"):
        corp.press_send(asked.msgid, employee)
    assert asked.look().messages == 4 and asked.task().ended_at == NOW
    calls = sum(corp.calls.values())
    assert (asked.look(NOW + DAY).tasks, sum(corp.calls.values())) == (0, calls)


def test_wecom_is_asked_seldomer_and_seldomer(asked):
    times, now = [], NOW
    while now < NOW + 2 * DAY:
        if asked.look(now).tasks:
            times.append(now)
        now = asked.task().next_look_at
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps) and gaps[0] == MINUTE and gaps[-1] == 6 * HOUR and len(times) < 20


def test_after_a_week_nobody_knows_what_became_of_the_rest_and_it_is_told(asked, corp):
    corp.press_send(asked.msgid, "ZhangSan")
    asked.look()
    begun = asked.task().asked_at
    asked.look(begun + AWAITED - timedelta(seconds=1))
    assert "unknown" not in asked.states().values()
    assert asked.look(begun + AWAITED + 6 * HOUR).messages == 3
    assert asked.states() == {"wmA": "unknown", "wmB": "unknown", "wmC": "delivered", "wmD": "unknown"}
    assert [(one.action, one.details["count"]) for one in asked.world.rows(CampaignEntry)] == [("untold", 3)]


def test_a_platform_that_cannot_be_asked_is_asked_later_and_after_a_week_no_more(asked, corp):
    corp.errcodes[fake.TASK] = [-1, 60020]
    looked = asked.look()
    assert len(looked.troubles) == 1 and asked.task().next_look_at == NOW + 10 * MINUTE
    again = asked.look(NOW + 10 * MINUTE)
    [connector] = asked.world.rows(Connector)
    assert again.troubles == [connector.halted] and connector.halted == "wecom.60020"
    assert set(asked.states().values()) == {"accepted"}
    corp.errcodes[fake.TASK] = [-1]
    asked.look(asked.task().asked_at + AWAITED)
    assert set(asked.states().values()) == {"unknown"} and asked.task().ended_at is not None


def test_a_cancelled_campaign_takes_back_what_no_employee_has_sent(asked, corp):
    corp.press_send(asked.msgid, "ZhangSan")
    asked.look()
    asked.look(NOW + 3 * HOUR)
    asked.move("cancelled", NOW + 4 * HOUR)
    with asked.world.store.transaction() as session:
        session.query(MassTask).update({"next_look_at": NOW + 9 * HOUR})
    assert asked.look(NOW + 4 * HOUR).messages == 3
    assert corp.masses[asked.msgid].is_cancelled
    assert asked.states() == {"wmA": "cancelled", "wmB": "cancelled", "wmC": "delivered", "wmD": "cancelled"}
    assert {one.reason for one in asked.world.rows(Outgoing) if one.state == "cancelled"} == {"campaign.cancelled"}
    assert asked.task().ended_at == NOW + 4 * HOUR


def test_employees_are_reminded_by_the_worker_three_times_in_a_day(asked, corp):
    home = asked.world.home
    asked.look()
    [task] = [asked.task().id]
    times = [NOW + number * HOUR for number in (1, 2, 3)]
    for at in times:
        awaiting.remind(home, home.store, LIN, task, at)
        with pytest.raises(ReminderTooMuch) as refused:
            awaiting.remind(home, home.store, LIN, task, at)
        assert refused.value.details["reason"] == "asked"
        asked.look(at)
    assert corp.masses[asked.msgid].reminded == times
    with pytest.raises(ReminderTooMuch) as refused:
        awaiting.remind(home, home.store, LIN, task, NOW + 4 * HOUR)
    assert (refused.value.details["reason"], refused.value.details["free_at"]) == ("often", NOW + 25 * HOUR)
    awaiting.remind(home, home.store, LIN, task, NOW + 25 * HOUR)
    asked.look(NOW + 25 * HOUR)
    assert [datetime.fromisoformat(at) for at in asked.task().reminded] == [*times, NOW + 25 * HOUR]
    assert [one.action for one in asked.world.rows(CampaignEntry)] == ["reminded"] * 4


def test_a_reminder_that_wecom_refuses_is_not_asked_for_again_and_again(asked, corp):
    home = asked.world.home
    asked.look()
    awaiting.remind(home, home.store, LIN, asked.task().id, NOW + HOUR)
    corp.errcodes[fake.REMIND] = [41094]
    assert len(asked.look(NOW + HOUR).troubles) == 1
    assert (asked.task().remind_by, asked.task().reminded) == (None, [])


def test_nobody_is_reminded_of_what_is_over_or_of_what_others_sent(asked, corp):
    home = asked.world.home
    asked.look()
    number = asked.task().id
    with asked.world.store.transaction() as session:
        session.query(Campaign).update({"units": ["east"]})
    with pytest.raises(Exception, match="units"):
        awaiting.remind(home, home.store, Operator(2, "mei", "manager", Scope(frozenset({"west"}))), number, NOW)
    for operator in (Operator(3, "wu", "analyst"), Operator(4, "bo", "executive")):
        with pytest.raises(Exception, match="role"):
            awaiting.remind(home, home.store, operator, number, NOW)
    asked.move("cancelled")
    with pytest.raises(CampaignState):
        awaiting.remind(home, home.store, LIN, number, NOW)
    asked.move("sending")
    with asked.world.store.transaction() as session:
        mass_tasks.locked(session, number).ended_at = NOW
    with pytest.raises(ReminderTooMuch) as refused:
        awaiting.remind(home, home.store, LIN, number, NOW)
    assert refused.value.details["reason"] == "over"


def test_two_workers_that_look_at_once_count_nothing_twice(asked, corp):
    corp.press_send(asked.msgid, "lisi")
    other = Ways(asked.world.home)
    assert asked.look().messages == 3
    with asked.world.store.transaction() as session:
        session.query(MassTask).update({"next_look_at": NOW})
    assert awaiting.look(asked.world.home, other, NOW).messages == 0
    assert len(asked.world.marks()) == 6


# -- silence -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "address", "state"), [("email", "a@b.example", "delivered"), ("sms", "13800138000", "unknown"), ("official_account", "oLin", "unknown")])  # fmt: skip
def test_what_nothing_was_said_of_for_three_days_is_settled(tmp_path, store, channel, address, state):
    world = made(tmp_path, store)
    old = world.message(world.campaign(), 1, channel, address, ended_at=NOW - 3 * DAY - MINUTE)
    edge = world.message(world.campaign("c2"), 1, channel, address, ended_at=NOW - 3 * DAY)
    assert silence.settle(world.home, NOW) == 1 and silence.settle(world.home, NOW) == 0
    assert world.states() == {old: state, edge: "accepted"}
    marks = {(old, "delivered", NOW - 3 * DAY - MINUTE, None)} if state == "delivered" else set()
    assert world.marks() == marks


def test_employees_are_waited_for_longer_than_that(tmp_path, store):
    world = made(tmp_path, store)
    message = world.message(world.campaign(), 1, "wecom", "wmLin", ended_at=NOW - 4 * DAY)
    assert silence.settle(world.home, NOW) == 0 and world.states() == {message: "accepted"}


# -- SMS ---------------------------------------------------------------------------------------------------------------

NUMBER, OTHER = "+8613800138000", "+8613900139000"


@pytest.fixture
def texts(tmp_path, store):
    with tencent_sms.texting(NOW) as gateway:
        world = made(tmp_path, store)
        world.home = replace(world.home, settings=replace(world.home.settings, inner_hosts=frozenset({"127.0.0.1"})))
        world.connector("tencent_sms", "sms", connector_kinds.read("tencent_sms", SETTINGS["tencent_sms"] | {"gateway": gateway.base}, {"127.0.0.1"}), secret=tencent_sms.SECRET)  # fmt: skip
        world.gateway = gateway
        yield world


def test_what_a_provider_tells_once_is_kept_in_that_moment_and_handled_like_all_news(texts):
    ways, here = Ways(texts.home), texts.campaign()
    first = texts.message(here, 1, "sms", NUMBER, provider_id="5000:1")
    doubtful = texts.message(here, 2, "sms", OTHER, "unknown")
    texts.gateway.receipts = [
        tencent_sms.receipt(NUMBER, "SUCCESS", "DELIVRD", NOW),
        tencent_sms.receipt(OTHER, "FAIL", "UNDELIV", NOW, "5000:2", "c1"),
        *[
            tencent_sms.receipt("+8613700137000", "SUCCESS", "DELIVRD", NOW, f"5000:{number}")
            for number in range(3, 120)
        ],
    ]
    texts.gateway.replies = [tencent_sms.reply(NUMBER, "ＴＤ", NOW)]
    assert pulling.take(texts.home, ways, NOW) == 120 and pulling.take(texts.home, ways, NOW) == 0
    assert set(texts.states().values()) == {"accepted", "unknown"}
    assert inbound.handle(texts.home, NOW).done == 3
    assert texts.states() == {first: "delivered", doubtful: "failed"}
    assert {(kind, member) for kind, _, _, member, _ in texts.suppressed()} == {
        ("unsubscribed", 1),
        ("unsubscribed", None),
    }
    assert (doubtful, "failed", NOW, "sms.UNDELIV") in texts.marks()


def test_a_provider_in_trouble_loses_nothing_and_counts_against_the_connector(texts):
    ways = Ways(texts.home)
    texts.gateway.replies = [tencent_sms.reply(NUMBER, "TD", NOW)]
    texts.gateway.now = NOW + DAY  # its clock differs, so that it refuses what was signed
    assert pulling.take(texts.home, ways, NOW) == 0
    [connector] = texts.rows(Connector)
    assert connector.halted == "tencent.AuthFailure.SignatureExpire"
    assert pulling.take(texts.home, ways, NOW + DAY) == 0  # nobody asks through one that is halted
    with texts.store.transaction() as session:
        session.query(Connector).update({"halted": None})
    assert pulling.take(texts.home, ways, NOW + DAY) == 1
