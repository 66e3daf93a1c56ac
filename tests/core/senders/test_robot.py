"""Group robots over a real socket: text within its limit, and what their numbers mean."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders import robot
from core.senders.posting import Poster
from core.senders.robot import Robot
from core.senders.sender import Destination, Gone, Message, Permanent, Temporary, Uncertain
from tests.fakes.robots import KEY, chatting

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def group():
    with chatting(NOW) as group:
        yield group


def send(group, text="标题\n正文", title="标题", key=KEY):
    Robot(Poster({"127.0.0.1"}), group.base).send(Destination("", (key,)), Message("m", "k", title, text, NOW), NOW)


def test_a_group_reads_the_title_once(group):
    send(group)
    send(group, text="正文")
    assert group.texts == ["标题\n正文", "标题\n正文"]


def test_what_is_too_long_for_a_robot_is_cut_at_a_line_and_says_so(group):
    send(group, "标题\n" + "\n".join(f"第{n}条通知，内容是一样的。" for n in range(200)))
    (text,) = group.texts
    assert len(text.encode()) <= 2048
    assert text.endswith("。\n…")


@given(st.text(max_size=1500), st.integers(10, 2048))
def test_a_cut_text_fits_and_begins_as_the_whole_does(text, most):
    told = robot.cut(text, most)
    assert len(told.encode()) <= most
    assert told == text or text.startswith(told.removesuffix("…").removesuffix("\n"))


@pytest.mark.parametrize(
    ("errcode", "kind", "after_s"),
    [
        (-1, Temporary, None),
        (45033, Temporary, None),
        (45009, Temporary, 60.0),
        (93000, Gone, None),
        (93004, Gone, None),
        (93008, Gone, None),
        (45002, Permanent, None),
        (40058, Permanent, None),
    ],
)
def test_an_error_inside_a_good_answer_is_told_by_its_number_and_never_by_its_words(group, errcode, kind, after_s):
    group.errcodes = [errcode]
    with pytest.raises(kind) as error:
        send(group)
    assert type(error.value) is kind
    assert (str(error.value), getattr(error.value, "after_s", None)) == (f"robot.{errcode}", after_s)


def test_a_lost_answer_leaves_it_open_whether_the_group_has_read_it(group):
    group.loses = 1
    with pytest.raises(Uncertain):
        send(group)
    assert group.texts == ["标题\n正文"]


def test_a_wrong_key_is_the_end_of_that_robot(group):
    with pytest.raises(Gone):
        send(group, key="11111111-wrong")


def test_the_twenty_first_message_of_a_minute_is_refused_for_a_minute(group):
    for _ in range(20):
        send(group)
    with pytest.raises(Temporary) as error:
        send(group)
    assert error.value.after_s == 60
    group.now = NOW + timedelta(seconds=61)
    send(group)
    assert len(group.texts) == 21


@pytest.mark.parametrize(
    ("given_text", "key"),
    [
        (KEY, KEY),
        (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY} ", KEY),
        (f"http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}", None),
        (f"https://evil.example/cgi-bin/webhook/send?key={KEY}", None),
        (f"{KEY}&x=1", None),
        ("", None),
        ("short", None),
    ],
)
def test_the_key_is_read_out_of_the_address_that_wecom_shows_and_nothing_else(given_text, key):
    assert robot.key(given_text) == key
