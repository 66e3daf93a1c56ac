"""Sending: every message once, past every gate again, and each refusal lands on whom it is about."""

from datetime import timedelta

import pytest

from core.campaigns import hours
from core.campaigns.caps import Cap
from core.campaigns.rate import Rate
from core.errors import Refusal
from core.senders.outcomes import Halted, Unfit, Ungranted
from core.senders.sender import Gone, Permanent, Temporary, Uncertain
from core.store import campaigns, outbox, suppressions
from core.store.campaign_tables import Connector, SubscriptionGrant
from core.store.incident_tables import SendingHold
from core.store.notice_tables import SaidNotice
from core.work.campaigns.outgoing import faltering, settling
from core.work.campaigns.outgoing.retries import MOST_TRIES
from tests import lakes
from tests.core.work.campaigns.sending_parts import (
    DAY,
    HOUR,
    MEMBERS,
    MINUTE,
    NOW,
    ONE_A_WEEK,
    SECOND,
    Clock,
    body,
    campaign,
    consent,
    lost,
    mac,
    marks,
    move,
    reasons,
    rendered,
    rows,
    sending,
    states,
    touch,
    world,
)
from tests.fakes.ways import Door, Doors, Receiver


@pytest.fixture
def home(tmp_path, store):
    return world(tmp_path, store)


def test_everybody_who_passes_gets_it_once_and_the_campaign_is_completed_by_counting(home):
    way = Receiver()
    here = campaign(home, body("webhook"), MEMBERS)
    assert settling.complete(home, NOW) == 0
    worker = sending(home, way)
    assert worker.work().handed == len(MEMBERS) and worker.work().handed == 0
    assert len(way.received) == len(set(way.received)) == len(MEMBERS)
    assert states(home, here) == {"delivered": len(MEMBERS)}
    assert marks(home, here) == {"sent": len(MEMBERS), "delivered": len(MEMBERS)}
    assert settling.complete(home, NOW) == 1 and settling.complete(home, NOW) == 0


def test_a_platform_that_only_asks_an_employee_has_sent_nothing_yet(home):
    way = Receiver(is_repeatable=False, most_at_once=100, usual="accepted")
    here = campaign(home, body("wecom"), MEMBERS)
    assert sending(home, way, channel="wecom").work().handed == len(MEMBERS)
    assert [len(call) for call in way.calls] == [len(MEMBERS)]
    assert (states(home, here), marks(home, here)) == ({"accepted": len(MEMBERS)}, {})


def test_who_is_suppressed_or_has_withdrawn_since_it_was_planned_gets_nothing(home):
    way = Receiver()
    here = campaign(home, body("webhook"), range(1, 6))
    with home.store.transaction() as session:
        more = {"channel": None, "purpose": None, "by": "lin", "now": NOW}
        suppressions.add(session, "unsubscribed", member_id=1, **more)
        suppressions.add(session, "bounced", address_mac=mac(2), **more)
    lakes.add(home, 2, consents=[consent(3, "withdrawn", "2026-11-19 00:00", "webhook"), consent(4, "withdrawn", "2026-11-19 00:00", "sms")])  # fmt: skip
    assert sending(home, way).work().skipped == 3
    assert reasons(home, here) == {
        1: ("skipped", "gate.suppressed"),
        2: ("skipped", "gate.suppressed"),
        3: ("skipped", "gate.consent"),
        4: ("delivered", None),
        5: ("delivered", None),
    }


def test_who_agreed_to_something_else_gets_nothing(home):
    lakes.add(home, 2, consents=[consent(99, purpose="service")])
    marketing = campaign(home, body("webhook"), [99], code="m")
    service = campaign(home, body("webhook", purpose="service"), [99], code="s")
    sending(home).work()
    assert (states(home, marketing), states(home, service)) == ({"skipped": 1}, {"delivered": 1})


def test_a_cap_counts_all_campaigns_and_what_others_sent_but_lets_service_pass(tmp_path, store):
    told = [touch(2, "2026-11-19 02:00", "x"), touch(3, "2026-11-19 02:00", "y", source="siyu"), touch(4, "2026-11-19 02:00", "z", state="failed")]  # fmt: skip
    home = world(tmp_path, store, touches=told)
    first = campaign(home, body("webhook"), [1], code="c1")
    sending(home, limits=ONE_A_WEEK).work()
    assert states(home, first) == {"delivered": 1}
    second = campaign(home, body("webhook"), [1, 2, 3, 4], code="c2")
    service = campaign(home, body("webhook", purpose="service"), [1], code="c3")
    assert sending(home, limits=ONE_A_WEEK).work().held == 2
    assert reasons(home, second) == {
        1: ("held", "gate.cap"),
        2: ("held", "gate.cap"),
        3: ("delivered", None),
        4: ("delivered", None),
    }
    # Midnight in Shanghai is 16:00 UTC: today's place is free after seven business days, that of yesterday a day sooner.
    due = {one.member_id: one.due_at for one in rows(home, second) if one.state == "held"}
    assert due == {1: NOW.replace(day=26, hour=16), 2: NOW.replace(day=25, hour=16)}
    assert states(home, service) == {"delivered": 1}
    sending(home, limits=ONE_A_WEEK, clock=Clock(due[2])).work()
    assert [one.state for one in rows(home, second)] == ["held", "delivered", "delivered", "delivered"]


def test_what_would_only_be_free_when_it_has_expired_is_skipped(home):
    campaign(home, body("webhook"), [1])
    sending(home, limits=ONE_A_WEEK).work()
    late = campaign(home, body("webhook"), [1], code="c2", expires_at=NOW + DAY)
    over = campaign(home, body("webhook"), [2], code="c3", expires_at=NOW)
    sending(home, limits=ONE_A_WEEK).work()
    assert reasons(home, late) == {1: ("skipped", "gate.cap")}
    assert reasons(home, over) == {2: ("skipped", "gate.expired")}


def test_what_the_platform_lets_one_person_get_is_kept_to(tmp_path, store):
    told = [touch(1, f"2026-11-{day:02} 02:00", f"x{day}", channel="wecom") for day in (2, 9, 16)]
    home = world(tmp_path, store, touches=told)
    for code in ("c1", "c2"):
        campaign(home, body("wecom"), [1, 2], code=code)
        sending(home, Receiver(False, 10, "accepted"), channel="wecom", quota="month4").work()
    assert {one.member_id: one.state for one in rows(home, 1)} == {1: "accepted", 2: "accepted"}
    assert reasons(home, 2) == {1: ("held", "gate.quota"), 2: ("accepted", None)}
    assert rows(home, 2)[0].due_at == NOW.replace(day=30, hour=16)


def test_in_quiet_hours_nothing_is_sent_but_let_go_one_after_the_other_in_the_morning(home):
    night = NOW.replace(hour=14)  # 22:00 in Shanghai
    held = campaign(home, body("webhook"), MEMBERS, code="c1", now=night)
    dropped = campaign(home, body("webhook", quiet="skip"), [1], code="c2", now=night)
    short = campaign(home, body("webhook"), [1], code="c3", now=night, expires_at=night + HOUR)
    way = Receiver()
    sending(home, way, clock=Clock(night), quiet=hours.PERSONAL).work()
    assert way.received == [] and states(home, held) == {"held": len(MEMBERS)}
    assert reasons(home, dropped) == reasons(home, short) == {1: ("skipped", "gate.quiet")}
    due = [one.due_at for one in rows(home, held)]
    opens = NOW.replace(day=21, hour=0)
    assert min(due) >= opens and max(due) < opens + 30 * MINUTE and len(set(due)) == len(MEMBERS)
    sending(home, way, clock=Clock(opens + 30 * MINUTE), quiet=hours.PERSONAL).work()
    assert states(home, held) == {"delivered": len(MEMBERS)}


def test_a_throttle_and_a_rate_let_through_so_many_and_cost_nothing_for_who_is_stopped(home):
    clock = Clock()
    way = Receiver()
    campaign(home, body("webhook", per_minute=60), range(1, 11))
    sending(home, way, clock=clock).work(pass_s=4.5)
    assert len(way.received) == 5 and clock.waits == pytest.approx([1.0] * 4, abs=1e-6)
    bound = campaign(home, body("webhook"), [*range(100, 200), *range(11, 14)], code="c2")
    sending(home, way, clock=Clock(NOW + HOUR), rate=Rate(1, 60, burst=2)).work(pass_s=1.0)
    assert states(home, bound).get("delivered", 0) <= 2 and states(home, bound)["skipped"] == 100


def test_a_clock_that_was_wrong_and_is_set_right_holds_nothing_up(home):
    way, few = Receiver(), {"rate": Rate(1, 1, burst=2)}
    campaign(home, body("webhook"), [1, 2], code="c1", now=NOW + 400 * DAY)
    sending(home, way, clock=Clock(NOW + 400 * DAY), **few).work(pass_s=0.5)
    campaign(home, body("webhook"), range(3, 20), code="c2")
    sending(home, way, clock=Clock(NOW), **few).work(pass_s=3.5)
    assert len(way.received) == 2 + 3


def test_campaigns_share_what_a_way_lets_through(home):
    for code in ("c1", "c2", "c3"):
        campaign(home, body("webhook"), MEMBERS, code=code)
    clock = Clock()
    way = Receiver()
    sending(home, way, clock=clock, rate=Rate(1, 1, burst=1)).work(pass_s=29.5)
    sent = [one.split("-")[0] for one in way.received]
    assert [sent.count(code) for code in ("c1", "c2", "c3")] == [10, 10, 10]


def test_what_is_refused_for_now_is_tried_again_later_each_time_and_is_dead_in_the_end(home):
    way = Receiver()
    here = campaign(home, body("webhook"), [1, 2])
    number = rows(home, here)[0].id
    way.answers[f"c1-{number}"] = [Temporary("http.503") for _ in range(MOST_TRIES)]
    clock = Clock()
    worker = sending(home, way, clock=clock)
    waits = []
    while states(home, here).get("planned"):
        worker.work()
        one = rows(home, here)[0]
        waits.append((one.due_at - clock.now).total_seconds())
        clock.now = max(one.due_at, clock.now)
    assert reasons(home, here) == {1: ("dead", "http.503"), 2: ("delivered", None)}
    assert way.received.count(f"c1-{number}") == MOST_TRIES
    assert all(0 <= wait <= 5 * 2**tries for tries, wait in enumerate(waits[:-1]))


def test_who_asks_for_time_gets_it(home):
    way = Receiver(down=Temporary("http.429", 600.0))
    here = campaign(home, body("webhook"), [1])
    doors = Doors({"webhook": Door(way)})
    sending(home, doors=doors).work()
    assert doors.blamed == ["http.429"]
    assert NOW + timedelta(seconds=600) <= rows(home, here)[0].due_at <= NOW + timedelta(seconds=605)


def test_what_is_refused_for_a_day_is_not_tried_any_more(home):
    way = Receiver(down=Temporary("http.503", 20 * 3600.0))
    here = campaign(home, body("webhook"), [1])
    clock = Clock()
    for _ in range(3):
        sending(home, way, clock=clock).work()
        clock.now = max(rows(home, here)[0].due_at, clock.now)
    assert reasons(home, here) == {1: ("dead", "http.503")} and len(way.received) == 2


def test_who_cannot_be_reached_ends_alone_and_a_dead_address_is_not_written_to_again(home):
    way = Receiver()
    here = campaign(home, body("webhook"), [1, 2, 3])
    first, second, _ = (f"c1-{one.id}" for one in rows(home, here))
    way.answers = {first: [Permanent("http.400")], second: [Gone("address.gone")]}
    assert sending(home, way).work().failed == 2
    assert reasons(home, here) == {1: ("failed", "http.400"), 2: ("failed", "address.gone"), 3: ("delivered", None)}
    assert marks(home, here) == {"failed": 2, "sent": 1, "delivered": 1}
    again = campaign(home, body("webhook"), [1, 2], code="c2")
    sending(home, way).work()
    assert reasons(home, again) == {1: ("delivered", None), 2: ("skipped", "gate.suppressed")}


def test_a_permission_for_one_message_is_used_once_and_gone_when_the_platform_says_so(home):
    with home.store.transaction() as session:
        session.add(Connector(name="m", kind="mini_program", channel="mini_program", settings={}, sealed=b"", is_on=True, revision=1, by="lin", at=NOW))  # fmt: skip
        session.flush()
        for who, count in ((1, 2), (2, 5)):
            session.add(SubscriptionGrant(connector_id=1, identity_key=who, template_id="t1", grants=count, changed_at=NOW))  # fmt: skip
    way = Receiver(is_repeatable=False)
    here = campaign(home, body("mini_program"), [1, 2, 3])
    way.answers[f"c1-{rows(home, here)[1].id}"] = [Ungranted("wechat.43101")]
    sending(home, way, channel="mini_program", quota="grants").work()
    assert reasons(home, here) == {1: ("delivered", None), 2: ("failed", "wechat.43101"), 3: ("skipped", "gate.quota")}
    with home.store.reading() as session:
        left = {one.identity_key: one.grants for one in session.query(SubscriptionGrant)}
    assert left == {1: 1, 2: 0}


def test_what_nobody_knows_is_asked_again_only_where_the_receiver_can_tell(home):
    able, unable = Receiver(), Receiver(is_repeatable=False)
    known = campaign(home, body("webhook"), [1], code="c1")
    unknown = campaign(home, body("sms"), [1], code="c2")
    able.answers[f"c1-{rows(home, known)[0].id}"] = [Uncertain("http.lost")]
    unable.answers[f"c2-{rows(home, unknown)[0].id}"] = [Uncertain("http.lost")]
    doors = Doors({"webhook": Door(able), "sms": Door(unable, connector_id=2)})
    clock = Clock()
    for _ in range(2):
        sending(home, doors=doors, clock=clock).work()
        clock.now += MINUTE
    assert (states(home, known), reasons(home, unknown)) == ({"delivered": 1}, {1: ("unknown", "http.lost")})
    assert (len(able.received), len(unable.received)) == (2, 1)


@pytest.mark.parametrize("is_repeatable", [True, False])
def test_content_that_is_refused_pauses_the_campaign_and_loses_nobody(home, is_repeatable):
    way = Receiver(is_repeatable, down=Unfit("sms.template"))
    here = campaign(home, body("webhook"), MEMBERS)
    sending(home, way).work()
    with home.store.reading() as session:
        row = campaigns.one(session, here)
        said = [(one.kind, one.params["code"]) for one in session.query(SaidNotice)]
        assert [(one.action, one.details) for one in campaigns.log(session, here)] == [("paused", {"code": "sms.template", "connector_id": 1})]  # fmt: skip
    assert (row.state, row.error, said) == ("paused", "sms.template", [("campaign.paused", "sms.template")])
    assert states(home, here) == {"planned": len(MEMBERS)} and {one.attempts for one in rows(home, here)} == {0}


def test_a_way_that_is_closed_is_told_so_and_every_message_waits(home):
    way = Receiver(is_repeatable=False, down=Halted("wecom.40001"))
    here = campaign(home, body("sms"), MEMBERS)
    doors = Doors({"sms": Door(way)})
    sending(home, doors=doors).work()
    assert set(doors.blamed) == {"wecom.40001"} and states(home, here) == {"planned": len(MEMBERS)}
    assert len(way.received) <= 8 and {one.attempts for one in rows(home, here)} == {0}


def test_a_way_in_trouble_is_left_alone_and_tried_with_one_message_first(home):
    way = Receiver(down=Temporary("http.unreachable"))
    here = campaign(home, body("webhook"), MEMBERS)
    doors = Doors({"webhook": Door(way)})
    sending(home, doors=doors).work()
    assert doors.blamed == ["http.unreachable"] * 5 and len(way.received) <= 32
    door = doors.by_channel["webhook"]
    door.paused_until = NOW + MINUTE
    sending(home, doors=doors).work()
    way.calls.clear()
    sending(home, doors=doors, clock=Clock(NOW + 2 * MINUTE)).work()
    assert len(way.received) == 1
    way.down = None
    clock = Clock(NOW + 3 * MINUTE)
    sending(home, doors=doors, clock=clock).work(pass_s=0.001)
    assert doors.praised > 0 and lost(home, here, len(MEMBERS)) == 0


def test_a_closed_way_and_no_way_leave_everything_as_it_is(home):
    here = campaign(home, body("webhook", "sms"), [1, 2])
    sending(home, closed="halted").work()
    assert states(home, here) == {"planned": 4}


def test_a_campaign_that_fails_ten_times_in_a_row_is_paused(home):
    way = Receiver()
    here = campaign(home, body("webhook"), MEMBERS)
    way.answers = {f"c1-{one.id}": [Permanent("http.400")] for one in rows(home, here)}
    sending(home, way).work()
    with home.store.reading() as session:
        assert (campaigns.one(session, here).state, campaigns.one(session, here).error) == ("paused", faltering.ERRORS)
    assert 10 <= states(home, here)["failed"] <= 32


def test_a_campaign_of_which_more_than_a_twentieth_fails_is_paused_and_counted_anew_when_it_goes_on(tmp_path, store):
    members = range(1, 321)
    home = world(tmp_path, store, agreed=members)
    here = campaign(home, body("webhook"), members)
    way = Receiver(is_repeatable=False)
    every = [f"c1-{one.id}" for one in rows(home, here)]
    way.answers = {one: [Permanent("http.400")] for one in every[:5]}
    sending(home, way).work()
    assert states(home, here) == {"delivered": 315, "failed": 5}  # 4.8 % of the first 104
    more = campaign(home, body("webhook"), members, code="c2")
    numbers = [f"c2-{one.id}" for one in rows(home, more)]
    way.answers = {one: [Permanent("http.400")] for one in numbers[::12]}
    sending(home, way).work()
    found = states(home, more)
    assert found["delivered"] + found["failed"] == 104 and found["failed"] == 9
    move(home, more, "sending", before="paused", now=NOW + SECOND)
    sending(home, way, clock=Clock(NOW + SECOND)).work()
    assert states(home, more)["planned"] > 0 and states(home, more)["failed"] == 18


def test_a_text_that_cannot_be_made_is_skipped_and_a_fault_of_ours_pauses_only_that_campaign(home):
    def render(home, row, said, claims, now):
        if row.code == "c1":
            raise ZeroDivisionError("a name that must not be logged")
        if row.code == "c2":
            raise Refusal("no key")
        made = rendered(home, row, said, claims, now)
        made[claims[0].message_id] = "render.value"
        return made

    numbers = [campaign(home, body("webhook"), [1, 2], code=code) for code in ("c1", "c2", "c3")]
    sent = sending(home, render=render).work()
    assert len(sent.faults) == 1 and "ZeroDivisionError" in sent.faults[0] and "name" not in sent.faults[0]
    with home.store.reading() as session:
        assert [(one.state, one.error) for one in (campaigns.one(session, n) for n in numbers)] == [
            ("paused", "render.fault"),
            ("paused", Refusal.code),
            ("sending", None),
        ]
    assert reasons(home, numbers[2]) == {1: ("skipped", "render.value"), 2: ("delivered", None)}


def test_a_fault_of_a_way_is_nobodys_message_sent_twice(home):
    def burst(_parcels):
        raise KeyError("secret")

    way = Receiver(is_repeatable=False, before=burst)
    here = campaign(home, body("sms"), [1])
    sent = sending(home, way, channel="sms").work()
    assert states(home, here) == {"unknown": 1} and "secret" not in sent.faults[0]


@pytest.mark.parametrize("what", ["paused", "cancelled", "held"])
@pytest.mark.parametrize("is_repeatable", [True, False])
def test_what_is_stopped_while_a_batch_is_sent_stops_at_the_next_wave(home, what, is_repeatable):
    members = MEMBERS
    here = campaign(home, body("webhook"), members)
    tenth = f"c1-{rows(home, here)[9].id}"

    def stop(parcels):
        if parcels[0].message_id == tenth:
            with home.store.transaction() as session:
                if what == "held":
                    session.add(SendingHold(kind="all", key="", holder="h", reason="r", by="lin", at=NOW))
                else:
                    assert campaigns.move(session, here, before="sending", state=what, now=NOW)

    way = Receiver(is_repeatable, before=stop)
    sending(home, way).work()
    found = states(home, here)
    assert found.pop("delivered") == len(set(way.received)) == len(way.received) <= 32 < len(members)
    assert found == {"cancelled" if what == "cancelled" else "planned": len(members) - len(way.received)}


def test_whoever_comes_late_after_a_death_begins_where_it_stopped_and_asks_nobody_twice(home):
    class Killed(BaseException):
        pass

    def die(parcels):
        if len(way.received) == 3:
            raise Killed

    way = Receiver(is_repeatable=False, before=die)
    here = campaign(home, body("sms"), MEMBERS)
    with pytest.raises(Killed):
        sending(home, way, channel="sms").work()
    way.before = lambda _parcels: None
    for after in (SECOND, HOUR):
        sending(home, way, channel="sms", clock=Clock(NOW + after)).work()
    found = states(home, here)
    assert len(set(way.received)) == len(way.received) and sum(found.values()) == len(MEMBERS)
    assert set(found) == {"delivered", "unknown"} and found["unknown"] <= 8


def test_what_a_cancelled_campaign_left_in_a_dead_workers_hand_is_cancelled_too(home):
    here = campaign(home, body("webhook"), [1, 2])
    with home.store.transaction() as session:
        outbox.claim(session, "webhook", worker="gone", now=NOW, most=1)
        campaigns.move(session, here, before="sending", state="cancelled", now=NOW)
        outbox.cancel(session, here, NOW, "campaign.cancelled")
    assert states(home, here) == {"reserved": 1, "cancelled": 1}
    sending(home, clock=Clock(NOW + HOUR)).work()
    settling.complete(home, NOW + HOUR)
    assert states(home, here) == {"cancelled": 2}


def test_a_receipt_that_comes_before_the_send_returns_is_not_written_over(home):
    def receipt(parcels):
        with home.store.transaction() as session:
            number = int(parcels[0].message_id.split("-")[1])
            assert outbox.told(session, number, before=("sending", "accepted"), state="failed", now=NOW)

    here = campaign(home, body("sms"), [1])
    sending(home, Receiver(False, usual="accepted", before=receipt), channel="sms").work()
    assert states(home, here) == {"failed": 1}


def test_a_message_that_kills_every_worker_is_not_tried_for_ever(home):
    here = campaign(home, body("webhook"), [1], attempts=MOST_TRIES)
    way = Receiver()
    assert sending(home, way).work().dead == 1
    assert (way.received, reasons(home, here)) == ([], {1: ("dead", "worker.lost")})


def test_a_clock_that_goes_back_sends_nothing_twice_and_one_that_leaps_loses_nothing(home):
    way = Receiver(is_repeatable=False)
    here = campaign(home, body("sms"), MEMBERS)
    clock = Clock()

    def leap(_parcels):
        clock.now += (-1) ** len(way.received) * 7 * HOUR

    way.before = leap
    worker = sending(home, way, channel="sms", clock=clock)
    other = sending(home, way, channel="sms", worker="v")
    for hour in (0, -5, 3, -1, 40):
        clock.now = NOW + hour * HOUR
        worker.work()
        other.work()
    assert len(set(way.received)) == len(way.received) and lost(home, here, len(MEMBERS)) == 0
    assert set(states(home, here)) <= {"delivered", "unknown"}


def test_two_caps_are_both_asked(home):
    limits = (Cap(5, 7), Cap(1, 1))
    campaign(home, body("webhook"), [1], code="c1")
    sending(home, limits=limits).work()
    here = campaign(home, body("webhook"), [1], code="c2")
    sending(home, limits=limits).work()
    assert reasons(home, here) == {1: ("held", "gate.cap")} and rows(home, here)[0].due_at == NOW.replace(hour=16)
