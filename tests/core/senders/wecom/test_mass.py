"""Mass messages through a WeCom of our own: limits before anything is asked, what employees did, what customers got."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders.posting import Poster
from core.senders.sender import Permanent, Temporary, Uncertain
from core.senders.wecom import mass, progress
from core.senders.wecom.calls import Calls
from core.senders.wecom.errors import Nobody
from core.senders.wecom.limits import InvalidMessage
from core.senders.wecom.mass import File, Image, Link, MassMessage, MiniProgram, Video
from core.senders.wecom.progress import Listed, Result, ResultState, Task, TaskState
from core.senders.wecom.tokens import App, Tokens
from core.senders.wecom.windows import Windows
from tests.fakes.wecom import ADD, CORP, LIST, RESULT, SECRET, TASK, working

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
POSTER = Poster({"127.0.0.1"})
LATER = NOW + timedelta(hours=2)
TODAY = date(2026, 11, 20)
LINK = Link("新品", "https://brand.example/new")
MINI = MiniProgram("新品", "M1", "wx1", "pages/new")
WHOLE = MassMessage(
    "single",
    ("wo1", "wo2"),
    "周末上新",
    attachments=(
        Image(media_id="M1"),
        Image(pic_url="https://p.example/1.png"),
        Link("新品", "https://brand.example/new", "八折", "https://p.example/2.png"),
        MINI,
        Video("V1"),
        File("F1"),
    ),
)


@pytest.fixture
def corp():
    with working(NOW) as corp:
        corp.customers = {"wo1": ["ZhangSan", "lisi"], "wo2": ["ZhangSan"], "wo3": []}
        corp.owners = {"wr1": "lisi", "wr2": "lisi", "wr3": "ZhangSan"}
        yield corp


@pytest.fixture
def calls(corp):
    windows = Windows()
    return Calls(App(CORP, SECRET), POSTER, Tokens(POSTER, windows, corp.base), windows, corp.base)


def single(*recipients, **more):
    return MassMessage("single", recipients, **{"text": "周末上新", **more})


def group(*recipients, **more):
    return MassMessage("group", recipients, **{"text": "周末上新", "sender": "lisi", **more})


def refused(message):
    with pytest.raises(InvalidMessage) as error:
        mass.check(message)
    return error.value.field, error.value.reason, error.value.most


# -- limits -----------------------------------------------------------------------------------------------------------


def test_a_message_with_everything_is_taken_as_it_was_meant(corp, calls):
    accepted = mass.send(calls, WHOLE, NOW)
    assert (accepted.failed, corp.masses[accepted.msgid].body) == (
        (),
        {
            "chat_type": "single",
            "allow_select": False,
            "external_userid": ["wo1", "wo2"],
            "text": {"content": "周末上新"},
            "attachments": [
                {"msgtype": "image", "image": {"media_id": "M1"}},
                {"msgtype": "image", "image": {"pic_url": "https://p.example/1.png"}},
                {
                    "msgtype": "link",
                    "link": {
                        "title": "新品",
                        "picurl": "https://p.example/2.png",
                        "desc": "八折",
                        "url": "https://brand.example/new",
                    },
                },
                {
                    "msgtype": "miniprogram",
                    "miniprogram": {"title": "新品", "pic_media_id": "M1", "appid": "wx1", "page": "pages/new"},
                },
                {"msgtype": "video", "video": {"media_id": "V1"}},
                {"msgtype": "file", "file": {"media_id": "F1"}},
            ],
        },
    )


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (single(), ("external_userid", "empty", None)),
        (single(sender="lisi"), ("external_userid", "empty", None)),  # would be all of lisi's customers
        (single(*(f"wo{n}" for n in range(10_001))), ("external_userid", "many", 10_000)),
        (single("wo1", "wo1"), ("external_userid", "repeated", None)),
        (single("wo 1"), ("external_userid", "identity", None)),
        (single("wo1", ""), ("external_userid", "identity", None)),
        (single("wo1", sender=""), ("sender", "identity", None)),
        (group(), ("chat_id_list", "empty", None)),
        (group(*(f"wr{n}" for n in range(2001))), ("chat_id_list", "many", 2000)),
        (group("wr1", sender=None), ("sender", "empty", None)),
        (group("wr1", may_deselect=True), ("allow_select", "extra", None)),
        (single("wo1", text=""), ("text.content", "empty", None)),
        (single("wo1", text=" \n "), ("text.content", "empty", None)),
        (single("wo1", text="字" * 1334), ("text.content", "long", 4000)),
        (single("wo1", text="a\ud800"), ("text.content", "letters", None)),
        (single("wo1", attachments=(LINK,) * 10), ("attachments", "many", 9)),
        (single("wo1", attachments=(LINK, replace(LINK, title="题" * 43))), ("attachments[1].link.title", "long", 128)),
        (single("wo1", attachments=(replace(LINK, title=""),)), ("attachments[0].link.title", "empty", None)),
        (single("wo1", attachments=(replace(LINK, url=""),)), ("attachments[0].link.url", "empty", None)),
        (single("wo1", attachments=(replace(LINK, description="d" * 513),)), ("attachments[0].link.desc", "long", 512)),
        (
            single("wo1", attachments=(replace(MINI, title="m" * 65),)),
            ("attachments[0].miniprogram.title", "long", 64),
        ),
        (single("wo1", attachments=(replace(MINI, app_id=""),)), ("attachments[0].miniprogram.appid", "empty", None)),
        (single("wo1", attachments=(replace(MINI, page=""),)), ("attachments[0].miniprogram.page", "empty", None)),
        (
            single("wo1", attachments=(replace(MINI, pic_media_id=""),)),
            ("attachments[0].miniprogram.pic_media_id", "empty", None),
        ),
        (single("wo1", attachments=(Image(),)), ("attachments[0].image.media_id", "empty", None)),
        (single("wo1", attachments=(Image("M", "U"),)), ("attachments[0].image.pic_url", "extra", None)),
        (single("wo1", attachments=(Video(""),)), ("attachments[0].video.media_id", "empty", None)),
        (single("wo1", attachments=(File(""),)), ("attachments[0].file.media_id", "empty", None)),
    ],
)
def test_what_wecom_would_not_take_is_refused_by_field(message, told):
    assert refused(message) == told


def test_of_a_message_that_is_refused_nothing_is_asked(corp, calls):
    with pytest.raises(InvalidMessage):
        mass.send(calls, single("wo1", text="字" * 1334), NOW)
    assert corp.calls == {}


def test_what_just_fits_is_taken(corp, calls):
    corp.customers = {f"wo{n}": ["lisi"] for n in range(10_000)}
    full = single(
        *corp.customers,
        text="a" + "字" * 1333,
        attachments=(
            Link("t" * 128, "https://x.example", "d" * 512),
            replace(MINI, title="m" * 64),
            *(Video("V"),) * 7,
        ),
    )
    assert mass.send(calls, full, NOW).failed == ()
    corp.owners = {f"wr{n}": "lisi" for n in range(2000)}
    assert mass.send(calls, group(*corp.owners), NOW).failed == ()
    mass.send(calls, single("wo1", text="", attachments=(LINK,)), NOW)


def test_ten_thousand_that_are_left_out_are_all_named(corp, calls):
    many = tuple(f"wo{n:060}" for n in range(4, 10_003))
    assert mass.send(calls, single("wo1", *many), NOW).failed == many


def test_a_refusal_and_what_is_printed_hold_no_word_of_the_message():
    message = single("wo-hush", text="hush" * 2000, sender="hush")
    with pytest.raises(InvalidMessage) as error:
        mass.check(message)
    assert "hush" not in repr(message) + repr(error.value) + str(error.value.details)


@given(
    st.text(max_size=1500),
    st.lists(st.sampled_from([LINK, MINI, Video("V"), Image("M"), Link("", "u"), Link("标" * 50, "u")]), max_size=11),
)
def test_what_is_not_refused_is_within_every_limit(text, attachments):
    message = single("wo1", text=text, attachments=tuple(attachments))
    try:
        mass.check(message)
    except InvalidMessage:
        is_text_wrong = not text.strip() and not attachments
        is_text_wrong |= any("\ud800" <= letter <= "\udfff" for letter in text) or len(text.encode()) > 4000
        assert (
            is_text_wrong
            or len(attachments) > 9
            or any(one not in (LINK, MINI, Video("V"), Image("M")) for one in attachments)
        )
    else:
        assert len(text.encode()) <= 4000
        assert len(attachments) <= 9
        assert text or attachments


# -- accepted is not sent ---------------------------------------------------------------------------------------------


def test_who_last_wrote_with_a_customer_is_asked_and_nobody_gets_anything_before_the_button_is_pressed(corp, calls):
    accepted = mass.send(calls, single("wo1", "wo2", "wo3", "wo4"), NOW)
    assert accepted.failed == ("wo3", "wo4")
    assert progress.tasks(calls, accepted.msgid, NOW) == [
        Task("lisi", TaskState.WAITING, None),
        Task("ZhangSan", TaskState.WAITING, None),
    ]
    assert progress.results(calls, accepted.msgid, "lisi", NOW) == [Result("wo1", "lisi", ResultState.WAITING, None)]
    corp.now = LATER
    corp.press_send(accepted.msgid, "lisi")
    assert progress.tasks(calls, accepted.msgid, LATER) == [
        Task("lisi", TaskState.SENT, LATER),
        Task("ZhangSan", TaskState.WAITING, None),
    ]
    assert progress.results(calls, accepted.msgid, "lisi", LATER) == [Result("wo1", "lisi", ResultState.SENT, LATER)]
    assert progress.results(calls, accepted.msgid, "ZhangSan", LATER)[0].state is ResultState.WAITING


def test_whoever_is_no_friend_any_more_and_whoever_had_enough_got_nothing(corp, calls):
    accepted = mass.send(calls, single("wo1", "wo2", sender="ZhangSan"), NOW)
    corp.customers["wo1"].remove("ZhangSan")
    corp.cap, corp.got["wo2"] = "day1", [TODAY]
    corp.press_send(accepted.msgid, "ZhangSan")
    assert progress.results(calls, accepted.msgid, "ZhangSan", NOW) == [
        Result("wo1", "ZhangSan", ResultState.NOT_FRIEND, None),
        Result("wo2", "ZhangSan", ResultState.CAPPED, None),
    ]
    assert progress.tasks(calls, accepted.msgid, NOW) == [Task("ZhangSan", TaskState.SENT, NOW)]


def test_groups_are_sent_by_their_owner_and_told_by_chat(corp, calls):
    accepted = mass.send(calls, group("wr1", "wr2", "wr3"), NOW)
    assert accepted.failed == ("wr3",)
    corp.press_send(accepted.msgid, "lisi")
    told = progress.results(calls, accepted.msgid, "lisi", NOW)
    assert told == [Result(one, "lisi", ResultState.SENT, NOW) for one in ("wr1", "wr2")]


def test_a_message_that_reaches_nobody_says_so(calls):
    with pytest.raises(Nobody) as error:
        mass.send(calls, single("wo3", "wo4"), NOW)
    assert error.value.code == "wecom.41048"


@pytest.mark.parametrize(
    ("status", "task", "result"),
    [
        (0, TaskState.WAITING, ResultState.WAITING),
        (1, TaskState.UNTOLD, ResultState.SENT),
        (2, TaskState.SENT, ResultState.NOT_FRIEND),
        (3, TaskState.UNTOLD, ResultState.CAPPED),
        (4, TaskState.UNTOLD, ResultState.UNTOLD),
    ],
)
def test_a_number_of_a_task_means_something_else_than_of_a_result_and_an_unknown_one_is_never_sent(
    corp, calls, status, task, result
):
    row = f'{{"userid": "lisi", "external_userid": "wo1", "status": {status}, "send_time": 1700000000}}'.encode()
    corp.garbage = {
        TASK: [b'{"errcode": 0, "task_list": [' + row + b"]}"],
        RESULT: [b'{"errcode": 0, "send_list": [' + row + b'], "next_cursor": ""}'],
    }
    at = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    told = progress.tasks(calls, "m", NOW) + progress.results(calls, "m", "lisi", NOW)
    assert told == [
        Task("lisi", task, at if task is TaskState.SENT else None),
        Result("wo1", "lisi", result, at if result is ResultState.SENT else None),
    ]


@pytest.mark.parametrize("page", [1, 2, 3, 7, 500])
def test_all_pages_are_read_and_every_row_once(corp, calls, page):
    corp.customers = {f"wo{n}": [f"u{n % 3}"] for n in range(7)}
    corp.page = page
    accepted = mass.send(calls, single(*corp.customers), NOW)
    assert [one.userid for one in progress.tasks(calls, accepted.msgid, NOW)] == ["u0", "u1", "u2"]
    told = {
        user: [one.recipient for one in progress.results(calls, accepted.msgid, user, NOW)] for user in ("u0", "u1")
    }
    assert told == {"u0": ["wo0", "wo3", "wo6"], "u1": ["wo1", "wo4"]}
    assert corp.calls[TASK] == -(-3 // page)


def test_pages_that_lead_in_a_circle_are_no_answer(corp, calls):
    row = b'{"userid": "lisi", "status": 2, "send_time": 1700000000}'
    page = b'{"errcode": 0, "task_list": [%s], "next_cursor": "%s"}'
    corp.garbage[TASK] = [page % (row, b"a"), page % (row, b"b"), page % (row, b"a"), page % (row, b"c")]
    with pytest.raises(Temporary) as error:
        progress.tasks(calls, "m", NOW)
    assert (error.value.code, corp.calls[TASK]) == ("wecom.cursor", 3)


@pytest.mark.parametrize(
    "row", [b"1", b"{}", b'{"userid": "lisi"}', b'{"userid": 1, "status": 2}', b'{"userid": "u", "status": "x"}',
            b'{"userid": "u", "status": 2, "send_time": 99999999999999999}', b'{"userid": "u", "status": 2, "send_time": "soon"}'],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_no_answer(corp, calls, row):
    corp.garbage[TASK] = [b'{"errcode": 0, "task_list": [%s]}' % row]
    with pytest.raises(Temporary) as error:
        progress.tasks(calls, "m", NOW)
    assert error.value.code == "wecom.unreadable"


# -- a request that nobody knows the end of ---------------------------------------------------------------------------


def doubtful(calls, message, now=NOW):
    with pytest.raises(Uncertain):
        mass.send(calls, message, now)


def looked(calls, message, known=(), creators=()):
    since, until = NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)
    found = progress.listed(calls, message.chat_type, since, until, NOW)
    return progress.matching(found, message, since, until, known, creators)


def test_a_doubtful_message_is_found_by_text_attachments_and_time(corp, calls):
    mass.send(calls, single("wo1", text="another"), NOW)
    corp.loses[ADD] = 1
    doubtful(calls, WHOLE)
    assert looked(calls, WHOLE) == ["msg3"]
    assert corp.masses["msg3"].body["text"]["content"] == WHOLE.text
    assert looked(calls, replace(WHOLE, attachments=())) == []


def test_a_doubtful_message_that_was_not_made_is_not_found(corp, calls):
    corp.garbage[ADD] = [b"<html>"]
    doubtful(calls, WHOLE)
    assert (looked(calls, WHOLE), corp.masses) == ([], {})


def test_equal_messages_cannot_be_told_apart_unless_the_others_are_known(corp, calls):
    first = mass.send(calls, WHOLE, NOW).msgid
    corp.loses[ADD] = 1
    doubtful(calls, WHOLE)
    second = [one for one in corp.masses if one != first]
    assert looked(calls, WHOLE) == [first, *second]
    assert looked(calls, WHOLE, known=[first]) == second


def test_what_people_made_by_hand_or_at_another_time_or_for_groups_is_another_message(corp, calls):
    corp.make_by_hand("lisi", "single", "周末上新")
    corp.now = NOW - timedelta(minutes=6)
    mass.send(calls, single("wo1"), NOW)
    corp.now = NOW
    mass.send(calls, group("wr1"), NOW)
    assert looked(calls, single("wo1")) == []
    assert looked(calls, single("wo1"), creators=["lisi"]) == ["msg1"]
    found = progress.listed(calls, "single", NOW - timedelta(days=1), NOW, NOW)
    assert sorted((one.creator or "", one.text, one.is_of_employee) for one in found) == [
        ("", "周末上新", False),
        ("lisi", "周末上新", False),
    ]


def test_what_an_employee_made_is_neither_listed_nor_taken_for_ours(corp, calls):
    corp.make_by_hand("lisi", "single", "周末上新", is_of_corp=False)
    assert progress.listed(calls, "single", NOW, NOW, NOW) == []
    theirs = Listed("msg1", None, True, NOW, "周末上新", ())
    assert progress.matching(
        [theirs, replace(theirs, msgid="msg2", is_of_employee=False)], single("wo1"), NOW, NOW
    ) == ["msg2"]


def test_a_message_is_found_whatever_became_of_its_spaces_and_of_parts_of_a_second(corp, calls):
    mass.send(calls, single("wo1", text="周末\r\n上新 "), NOW)
    at = NOW + timedelta(microseconds=900_000)
    found = progress.listed(calls, "single", at, at, NOW)
    assert progress.matching(found, single("wo1", text="周末\n上新"), at, at) == ["msg2"]


def test_a_long_list_is_read_to_its_end_and_covers_at_most_four_weeks(corp, calls):
    for _ in range(250):
        corp.make_by_hand("lisi", "single", "x")
    assert len(progress.listed(calls, "single", NOW - timedelta(days=28), NOW, NOW)) == 250
    assert corp.calls[LIST] == 3
    for since, until in ((NOW - timedelta(days=28, seconds=1), NOW), (NOW, NOW - timedelta(seconds=1))):
        with pytest.raises(ValueError, match="28 days"):
            progress.listed(calls, "single", since, until, NOW)


# -- after it was asked for -------------------------------------------------------------------------------------------


def test_employees_are_reminded_three_times_a_day(corp, calls):
    msgid = mass.send(calls, single("wo1"), NOW).msgid
    at = [NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=2)]
    for time in at:
        corp.now = time
        mass.remind(calls, msgid, time)
    corp.now = NOW + timedelta(hours=3)
    with pytest.raises(Temporary) as error:
        mass.remind(calls, msgid, corp.now)
    assert (error.value.code, error.value.after_s) == ("wecom.41094", 86400.0)
    due = mass.next_reminder(list(reversed(at)), corp.now)
    assert due == NOW + timedelta(hours=24)
    corp.now = due
    mass.remind(calls, msgid, due)


@given(st.lists(st.integers(0, 60 * 72), max_size=30))
def test_reminders_that_wait_for_their_time_are_never_refused(minutes):
    """Held against the rule itself: in no 24 hours more than three."""
    reminded = []
    for minute in sorted(minutes):
        due = mass.next_reminder(reminded, NOW + timedelta(minutes=minute))
        assert due >= NOW + timedelta(minutes=minute)
        reminded.append(due)
    for first in reminded:
        assert sum(first <= one < first + timedelta(hours=24) for one in reminded) <= 3


def test_cancelling_stops_those_who_have_not_sent_and_leaves_what_was_sent(corp, calls):
    msgid = mass.send(calls, single("wo1", "wo2"), NOW).msgid
    corp.press_send(msgid, "lisi")
    assert [mass.cancel(calls, msgid, NOW) for _ in range(2)] == [True, False]
    with pytest.raises(AssertionError, match="no longer shown"):
        corp.press_send(msgid, "ZhangSan")
    assert [one.state for one in progress.tasks(calls, msgid, NOW)] == [TaskState.SENT, TaskState.WAITING]
    assert progress.results(calls, msgid, "lisi", NOW)[0].state is ResultState.SENT


@pytest.mark.parametrize(("msgid", "code"), [("", "wecom.41046"), ("none", "wecom.41047")])
def test_a_message_that_nobody_made_can_be_neither_cancelled_nor_reminded_of(calls, msgid, code):
    for does in (mass.cancel, mass.remind):
        with pytest.raises(Permanent) as error:
            does(calls, msgid, NOW)
        assert error.value.code == code
