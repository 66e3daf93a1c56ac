"""Sending trials: through the connectors of the house to platforms of our own, within their rates and past every stop; once, whoever dies."""

import random
import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.campaigns.rate import Rate, nanoseconds
from core.senders.outcomes import Halted
from core.senders.sender import Gone, Permanent, Temporary, Uncertain
from core.store import connectors as connector_rows
from core.store import message_marks, outbox, trials
from core.store.campaign_tables import CampaignTrial, MessageMark, Outgoing, Suppression
from core.store.notice_tables import SaidNotice
from core.store.tables import AuditEntry
from core.work.campaigns import restored, stopping
from core.work.campaigns.hearing import touches
from core.work.campaigns.outgoing.posts import Posts
from core.work.campaigns.trials import MOST_A_DAY, CannotTry, texts
from tests.core.work.campaigns.sending_parts import Clock, campaign
from tests.core.work.campaigns.sending_parts import body as said_on
from tests.core.work.campaigns.trying import ask, draft, reaching, rows, states, trying
from tests.core.work.campaigns.written import ADMIN, NOW, segment
from tests.core.work.connector_parts import SECRET, add
from tests.fakes import aliyun_sms
from tests.fakes.hooks import receiving
from tests.fakes.mail import post_office
from tests.fakes.robots import chatting
from tests.fakes.serving import Reply
from tests.fakes.ways import Receiver
from tests.fakes.wecom import ADD, working

MAIL = "lin@brand.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def home(home):
    return reaching(home)


@pytest.fixture
def lin(home):
    return segment(home)


def tried(home, here):
    with home.store.reading() as session:
        return [one.tried is not None for one in texts(session, here.id, here.saying)]


def off(home, kind, **settings):
    """A connector of a way that a test looks into instead."""
    return add(home, kind, is_on=True, **settings)


# -- every platform ----------------------------------------------------------------------------------------------------


def test_a_letter_arrives_marked_with_a_way_out_of_nobody_and_its_address_is_forgotten(home, lin):
    with post_office() as office:
        add(home, "email", is_on=True, host="127.0.0.1", port=office.port, security="none")
        here = draft(home, "email", segment_id=lin)
        ask(here, MAIL)
        assert trying(home).work().sent == 1
        ((_, to),), (letter,) = office.envelopes, office.letters
    assert (to, letter["Subject"]) == ([MAIL], "【试发】新茶到了")
    assert "/u/trial~email~marketing~" in letter["List-Unsubscribe"]
    assert "本地的朋友" in letter.get_content()
    (row,) = rows(home)
    assert (row.state, row.error, row.sealed, row.ended_at) == ("sent", None, None, NOW)
    assert tried(home, here) == [True]


def test_through_wecom_a_trial_counts_once_its_task_was_made_and_before_anybody_confirms_it(home, lin):
    with working(NOW) as corp:
        corp.customers = {"wo1": ["ZhangSan", "lisi"]}
        add(home, "wecom", is_on=True, gateway=corp.base)
        here = draft(home, "wecom", segment_id=lin)
        ask(here, "wo1", sender="ZhangSan")
        assert trying(home).work().sent == 1
        (mass,) = corp.masses.values()
        assert mass.asked == {"ZhangSan": ["wo1"]} and mass.body["text"]["content"].startswith("【试发】")
        assert tried(home, here) == [True]
        ask(here, "wo404")
        assert trying(home).work().refused == 1
        assert corp.calls[ADD] == 2
    assert states(home) == [("sent", None), ("refused", "wecom.41048")]


def test_a_group_chat_is_asked_of_its_owner(home, lin):
    with working(NOW) as corp:
        corp.owners = {"wr1": "lisi"}
        add(home, "wecom", is_on=True, gateway=corp.base)
        ask(draft(home, "group_chat", segment_id=lin, segments=(), places=("wr1",)), "wr1", sender="lisi")
        assert trying(home).work().sent == 1
        assert [one.asked for one in corp.masses.values()] == [{"lisi": ["wr1"]}]


def test_a_text_message_goes_out_by_its_template_as_it_is(home, lin):
    with aliyun_sms.texting(NOW) as gateway:
        add(home, "aliyun_sms", is_on=True, gateway=gateway.base)
        here = draft(home, "sms", segment_id=lin, more={"template": aliyun_sms.TEMPLATE, "values": {"name": "{{tier|会员}}", "days": "3"}})  # fmt: skip
        ask(here, "138 0013 8000")
        assert trying(home).work().sent == 1
        ((number, values, reference),) = gateway.texts
    assert (number[-11:], values, reference) == ("13800138000", {"name": "会员", "days": "3"}, f"trial-{here.row.code}")


def test_a_webhook_is_told_that_it_is_a_trial(home, lin):
    with receiving(NOW, SECRET) as hook:
        add(home, "webhook", is_on=True, secrets={"address": hook.address})
        here = draft(home, "webhook", segment_id=lin)
        ask(here)
        trying(home).work()
        (told,) = hook.taken
    assert (told["data"]["trial"], told["data"]["member"], told["data"]["id"]) == (True, "trial", f"{here.row.code}-t1")


def test_a_robot_says_it_in_its_group(home, lin):
    with chatting(NOW) as group:
        add(home, "robot", is_on=True, gateway=group.base)
        ask(draft(home, "robot", segment_id=lin, segments=(), places=("robot",)))
        assert trying(home).work().sent == 1


# -- what is in the way ------------------------------------------------------------------------------------------------


def waiting(home, lin, count=1, **values):
    """Trials of a webhook that wait."""
    off(home, "webhook")
    here = draft(home, "webhook", segment_id=lin)
    for _ in range(count):
        ask(here, **values)
    return here


@pytest.mark.parametrize("kind", ["all", "channel", "campaign"])
def test_an_emergency_stop_refuses_what_waits(home, lin, kind):
    here, way = waiting(home, lin), Receiver()
    key = {"all": "", "channel": "webhook", "campaign": here.row.code}[kind]
    stopping.stop(home, home.store, ADMIN, kind, key, "wrong price", now=NOW)
    trying(home, way).work()
    assert (way.calls, states(home)) == ([], [("refused", "trial.held")])
    assert rows(home)[0].sealed is None


def test_after_a_restore_what_waited_may_have_gone_out_and_is_never_sent(home, lin, tmp_path):
    home = replace(home, settings=replace(home.settings, home=tmp_path))
    restored.look(home, NOW)
    waiting(home, lin)
    (tmp_path / "run" / "sending-live.json").unlink()
    assert restored.look(home, NOW + timedelta(hours=1))
    way = Receiver()
    trying(home, way, clock=Clock(NOW + timedelta(hours=1))).work()
    assert (way.calls, states(home)) == ([], [("unknown", "restored")])


@pytest.mark.parametrize(
    ("door", "code"),
    [({"closed": "http.401"}, "http.401"), ({"paused_until": NOW + SECOND}, "trial.paused")],
)
def test_a_way_out_that_is_closed_or_left_alone_refuses(home, lin, door, code):
    waiting(home, lin)
    way = Receiver()
    trying(home, way, **door).work()
    assert (way.calls, states(home)) == ([], [("refused", code)])


def test_a_connector_that_was_switched_off_meanwhile_refuses(home, lin):
    waiting(home, lin)
    trying(home, channel="email", way=Receiver()).work()
    assert states(home) == [("refused", "trial.way")]


def test_trials_wait_for_the_rate_of_their_connector_and_use_it(home, lin):
    waiting(home, lin, 3)
    way, clock = Receiver(), Clock(NOW)
    worker = trying(home, way, clock=clock, rate=Rate(1, 10, 1))
    for after in range(25):
        clock.now = NOW + after * SECOND
        worker.work()
    assert [one.begun_at for one in rows(home)] == [NOW, NOW + 10 * SECOND, NOW + 20 * SECOND]
    with home.store.transaction() as session:
        assert outbox.arrival(session, "connector:1") == nanoseconds(NOW + 30 * SECOND)


def test_one_that_waited_too_long_is_not_sent(home, lin):
    waiting(home, lin)
    way = Receiver()
    trying(home, way, clock=Clock(NOW + trials.OLDEST)).work()
    assert len(way.calls) == 1
    ask(draft(home, "webhook", segment_id=lin))
    trying(home, way, clock=Clock(NOW + trials.OLDEST + SECOND)).work()
    assert (len(way.calls), states(home)[1]) == (1, ("refused", trials.LATE))
    assert rows(home)[1].sealed is None


# -- what it came to ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "state", "blamed"),
    [
        (Temporary("http.503"), "refused", True), (Halted("http.401"), "refused", True), (Permanent("http.400"), "refused", False), (Gone("smtp.5.1.1"), "refused", False),
        (Uncertain("connection.lost"), "unknown", True), (ValueError("a fault of ours"), "unknown", True),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_not_sent_again_and_says_of_the_way_out_what_any_message_does(home, lin, trouble, state, blamed):  # fmt: skip
    waiting(home, lin)
    way = Receiver(down=trouble)
    worker = trying(home, way)
    worker.work()
    assert worker.work().sent == 0
    code = "worker.fault" if isinstance(trouble, ValueError) else trouble.code
    assert (states(home), len(way.calls)) == ([(state, code)], 1)
    assert worker.breaker.blamed == ([code] if blamed else [])
    with home.store.reading() as session:
        assert not session.scalars(select(Suppression)).all(), "nobody is forgotten for a typed address"
    assert rows(home)[0].sealed is None


def test_a_connector_that_is_refused_is_halted_and_somebody_is_told(home, lin):
    with receiving(NOW, SECRET) as hook:
        number = add(home, "webhook", is_on=True, secrets={"address": hook.address})
        ask(draft(home, "webhook", segment_id=lin))
        hook.script = [Reply(401)]
        trying(home).work()
    with home.store.reading() as session:
        assert connector_rows.one(session, number).halted == "http.401"
        assert [one.kind for one in session.scalars(select(SaidNotice))] == ["connector.halted"]


def test_a_worker_that_dies_with_a_trial_in_hand_leaves_it_unknown_and_nobody_sends_it_again(home, lin):
    here = waiting(home, lin)

    def dies(_parcels):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trying(home, Receiver(before=dies)).work()
    (row,) = rows(home)
    assert (row.state, row.begun_at, row.sealed is None) == ("sending", NOW, False), "the intent stands before the call"
    way = Receiver()
    trying(home, way, clock=Clock(NOW + outbox.LEASE)).work()
    assert states(home) == [("sending", None)], "its worker may still be at it"
    trying(home, way, clock=Clock(NOW + outbox.LEASE + SECOND)).work()
    assert (way.calls, states(home)) == ([], [("unknown", "worker.lost")])
    assert rows(home)[0].sealed is None and tried(home, here) == [False]


def test_a_worker_that_comes_back_late_changes_nothing_of_what_was_given_up(home, lin):
    waiting(home, lin)
    late = Clock(NOW + outbox.LEASE + SECOND)

    def swept(_parcels):
        trying(home, Receiver(), clock=late).work()

    trying(home, Receiver(before=swept)).work()
    assert states(home) == [("unknown", "worker.lost")]


def test_two_workers_send_each_trial_once(home, lin):
    waiting(home, lin, 6)
    way = Receiver()
    first, second = trying(home, way), trying(home, way)
    way.before = lambda _parcels: second.work() if len(way.calls) < 3 else None
    first.work()
    second.work()
    assert (len(way.received), len(set(way.received))) == (6, 6)
    assert [state for state, _ in states(home)] == ["sent"] * 6


def test_a_trial_that_cannot_be_opened_is_refused_and_keeps_no_other_waiting(home, lin):
    waiting(home, lin, 2)
    with home.store.transaction() as session:
        session.get(CampaignTrial, 1).sealed = session.get(CampaignTrial, 2).sealed
    way = Receiver()
    trying(home, way).work()
    assert states(home) == [("refused", "trial.key"), ("sent", None)]


def test_whatever_happens_each_leaves_the_house_once_at_most_and_what_is_over_keeps_no_address(home, lin):
    """Workers that die, come back late and work beside each other, stops, and hours that pass, in any order."""
    here, chance, clock = waiting(home, lin, 0), random.Random(4), Clock(NOW)
    way, asked = Receiver(), 0

    def dies(_parcels):
        raise KeyboardInterrupt

    def stopped():
        stopping.stop(home, home.store, ADMIN, "all", "", "wrong price", now=clock.now)

    for _ in range(60):
        match chance.choice(("ask", "ask", "ask", "work", "die", "beside", "later", "stop", "go", "go")):
            case "ask" if asked < MOST_A_DAY:
                with suppress(CannotTry):  # while all is stopped
                    ask(here, now=clock.now)
                    asked += 1
            case "work":
                way.before = lambda _parcels: None
                trying(home, way, clock=clock).work()
            case "die":
                way.before = dies
                with suppress(KeyboardInterrupt):
                    trying(home, way, clock=clock).work()
            case "beside":
                other = trying(home, Receiver(calls=way.calls), clock=clock)
                way.before = lambda _parcels, other=other: other.work() and None
                trying(home, way, clock=clock).work()
            case "later":
                clock.now += chance.choice((SECOND, outbox.LEASE + SECOND, trials.OLDEST))
            case "stop":
                stopped()
            case "go":
                stopping.let_go(home, home.store, ADMIN, "all", "", "it is right again", now=clock.now)
        assert len(way.received) == len(set(way.received))
        for one in rows(home):
            assert (one.sealed is None) is (one.ended_at is not None) is (one.state not in ("waiting", "sending"))
            assert one.begun_at is not None or one.state in ("waiting", "refused")
    told = {one.state for one in rows(home)}
    assert {"sent", "refused", "unknown"} <= told and asked > 5
    sent = {f"{here.row.code}-t{one.id}" for one in rows(home) if one.state == "sent"}
    assert sent <= set(way.received), "nothing is called sent that was not handed over"


# -- what it leaves alone ----------------------------------------------------------------------------------------------


def test_a_trial_is_no_message_no_mark_no_touch_and_stands_in_no_log(home, lin):
    waiting(home, lin, 2)
    sent = campaign(home, said_on("console"), (), code="c9")
    trying(home).work()
    trying(home, Receiver()).work()
    with home.store.transaction() as session:
        assert not session.scalars(select(Outgoing)).all() and not session.scalars(select(MessageMark)).all()
        assert message_marks.counts(session, sent) == {}
        told = [one.action for one in session.scalars(select(AuditEntry)) if "tri" in one.action]
    assert told == ["campaign.tried"] * 2
    with home.lake.open() as snapshot:
        before = snapshot.version
    assert touches.tell(home, NOW) == 0
    with home.lake.open() as snapshot:
        assert snapshot.version == before


def test_the_chore_of_sending_sends_trials_and_says_how_many_in_its_log_and_nothing_else(home, lin, tmp_path):
    home = replace(home, settings=replace(home.settings, home=tmp_path))
    with receiving(NOW, SECRET) as hook:
        add(home, "webhook", is_on=True, secrets={"address": hook.address})
        ask(draft(home, "webhook", segment_id=lin))
        house = _House(home)
        told = Posts(house, "live", Clock(NOW), restored.Counting())(NOW)
        assert len(hook.taken) == 1
    assert re.fullmatch("trials: 1 sent", told)


class _House:
    """One world, as the worker's chores know it."""

    def __init__(self, home):
        self.settings, self.live, self.demo = home.settings, home, home
