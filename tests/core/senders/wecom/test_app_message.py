"""Texts of an app to employees, through a WeCom of our own: whom they reach, and that a repeat inside the interval reaches nobody twice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders.outcomes import Halted
from core.senders.posting import Poster
from core.senders.sender import Gone, Uncertain
from core.senders.wecom import app_message
from core.senders.wecom.app_message import AppMessage, Taken, mark, may_repeat
from core.senders.wecom.calls import Calls, written
from core.senders.wecom.limits import InvalidMessage
from core.senders.wecom.tokens import App, Tokens
from core.senders.wecom.windows import Windows
from tests.fakes.wecom import AGENT, CORP, SECRET, SEND, working

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
POSTER = Poster({"127.0.0.1"})


@pytest.fixture
def corp():
    with working(NOW) as corp:
        yield corp


@pytest.fixture
def calls(corp):
    windows = Windows()
    return Calls(App(CORP, SECRET), POSTER, Tokens(POSTER, windows, corp.base), windows, corp.base)


def message(*users, text="请确认群发", number="m1", interval_s=1800):
    return AppMessage(number, users or ("ZhangSan",), text, interval_s)


def send(calls, told, agent=AGENT, now=NOW):
    return app_message.send(calls, agent, told, now)


def test_a_text_arrives_with_the_mark_of_its_message(corp, calls):
    send(calls, message())
    assert corp.inbox == [("ZhangSan", f"请确认群发\n#{mark('m1')}")]
    assert len(mark("m1")) == 8


def test_who_cannot_be_reached_is_named_as_it_was_given_and_all_others_are_reached(corp, calls):
    corp.staff |= {"WangWu", "ZhaoLiu"}
    corp.invisible, corp.unlicensed = {"WangWu"}, {"ZhaoLiu"}
    taken = send(calls, message("lisi", "NoBody", "WangWu", "zhangSAN", "ZHAOliu"))
    assert (taken.invalid, taken.unlicensed) == (("NoBody", "WangWu"), ("ZHAOliu",))
    assert taken.msgid
    assert sorted(user for user, _ in corp.inbox) == ["ZhangSan", "lisi"]
    assert send(calls, message("lisi", number="m2")) == Taken(f"app{int(taken.msgid[3:]) + 1}", (), ())


def test_where_nobody_can_be_reached_all_are_given_up(corp, calls):
    with pytest.raises(Gone) as error:
        send(calls, message("nobody", "noone"))
    assert (error.value.code, corp.inbox) == ("wecom.81013", [])


def test_a_repeat_inside_the_interval_is_not_delivered_again_in_whatever_order_its_users_are_named(corp, calls):
    corp.loses[SEND] = 1
    with pytest.raises(Uncertain):
        send(calls, message("ZhangSan", "lisi"))
    corp.now = NOW + timedelta(seconds=1799)
    assert may_repeat(message(), NOW, corp.now)
    send(calls, message("lisi", "ZhangSan"), now=corp.now)
    assert len(corp.inbox) == 2
    assert corp.bodies[0] == corp.bodies[1]


def test_after_the_interval_nobody_knows_it_again_and_it_may_not_be_repeated(corp, calls):
    send(calls, message())
    corp.now = NOW + timedelta(seconds=1800)
    assert not may_repeat(message(), NOW, corp.now)
    send(calls, message(), now=corp.now)
    assert len(corp.inbox) == 2


def test_equal_texts_of_two_messages_are_both_delivered(corp, calls):
    send(calls, message(number="m1"))
    send(calls, message(number="m2"))
    assert len(corp.inbox) == 2
    assert len(set(corp.inbox)) == 2


def test_the_interval_is_that_of_the_message(corp, calls):
    for seconds in (0, 59, 61):
        corp.now = NOW + timedelta(seconds=seconds)
        send(calls, message(interval_s=60), now=corp.now)
    assert len(corp.inbox) == 2


def test_the_thirty_first_text_of_a_minute_is_dropped_without_a_word_unless_it_waits_for_its_time(corp, calls):
    for number in range(31):
        send(calls, message(number=f"m{number}"))
    assert len(corp.inbox) == 30
    corp.now = app_message.next_time([NOW] * 30, NOW)
    assert corp.now == NOW + timedelta(minutes=1)
    send(calls, message(number="m31"), now=corp.now)
    assert len(corp.inbox) == 31


@given(st.lists(st.integers(0, 400), max_size=200))
def test_texts_that_wait_for_their_time_are_never_more_than_there_is_room_for(seconds):
    sent = []
    for second in sorted(seconds):
        due = app_message.next_time(sent, NOW + timedelta(seconds=second))
        assert due >= NOW + timedelta(seconds=second)
        sent.append(due)
    for first in set(sent):
        assert sum(first <= one < first + timedelta(minutes=1) for one in sent) <= 30


def test_an_hour_has_room_for_a_thousand():
    sent = [NOW + timedelta(seconds=3 * number) for number in range(1000)]
    assert app_message.next_time(list(reversed(sent)), NOW + timedelta(minutes=59)) == NOW + timedelta(hours=1)
    assert app_message.next_time(sent[1:], NOW + timedelta(minutes=59)) == NOW + timedelta(minutes=59)


@pytest.mark.parametrize(
    ("told", "field", "reason", "most"),
    [
        (AppMessage("m", (), "x"), "touser", "empty", None),
        (message(*(f"u{n}" for n in range(1001))), "touser", "many", 1000),
        (message("lisi", "LiSi"), "touser", "repeated", None),
        (message("lisi|wang"), "touser", "identity", None),
        (message("@all"), "touser", "identity", None),
        (message("林"), "touser", "identity", None),
        (message(text=""), "text.content", "empty", None),
        (message(text="x" * 2039), "text.content", "long", 2048),
        (message(text="\ud800"), "text.content", "letters", None),
        (message(interval_s=0), "duplicate_check_interval", "long", 14400),
        (message(interval_s=14401), "duplicate_check_interval", "long", 14400),
    ],
)
def test_what_wecom_would_not_take_or_cut_is_refused_by_field(told, field, reason, most):
    with pytest.raises(InvalidMessage) as error:
        app_message.check(told)
    assert (error.value.field, error.value.reason, error.value.most) == (field, reason, most)


def test_of_a_text_that_is_refused_nothing_is_asked(corp, calls):
    with pytest.raises(InvalidMessage):
        send(calls, message(text="x" * 2039))
    assert corp.calls == {}


def test_what_just_fits_arrives_whole(corp, calls):
    send(calls, message(text="x" * 2038, interval_s=14400))
    assert corp.inbox[0][1].endswith(mark("m1"))
    corp.staff = {f"u{n}" for n in range(1000)}
    send(calls, message(*corp.staff))
    assert len(corp.inbox) == 1001


def test_a_wrong_agent_halts_the_connector(calls):
    with pytest.raises(Halted) as error:
        send(calls, message(), agent=1)
    assert error.value.code == "wecom.301002"


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_mark_is_eight_plain_letters_of_the_message_alone(one, other):
    assert mark(one) == mark(one)
    assert (mark(one) == mark(other)) == (one == other)
    assert set(mark(one)) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_a_body_is_the_same_bytes_in_whatever_order_it_was_made():
    assert written({"b": {"y": 1, "x": "字"}, "a": 2}) == '{"a":2,"b":{"x":"字","y":1}}'.encode()
