"""Every number of WeCom that we know, through a real socket: what it means for the message, the recipient, the campaign and the connector."""

from datetime import UTC, datetime

import pytest

from core.senders.outcomes import Divisible, Halted, Unfit
from core.senders.posting import Poster
from core.senders.sender import Gone, NotSent, Permanent, Temporary, Uncertain
from core.senders.wecom import app_message, errors, mass, progress
from core.senders.wecom.app_message import AppMessage
from core.senders.wecom.calls import Calls
from core.senders.wecom.errors import AlreadyCancelled, Blocked, Busy, EmployeeRefused, Kind, Nobody
from core.senders.wecom.mass import MassMessage
from core.senders.wecom.tokens import App, Tokens
from core.senders.wecom.windows import Windows
from tests.fakes.wecom import ADD, CANCEL, CORP, SECRET, SEND, TASK, working

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
POSTER = Poster({"127.0.0.1"})
ONE = MassMessage("single", ("wo1",), "x")
TWO = MassMessage("single", ("wo1", "wo2"), "x")


@pytest.fixture
def corp():
    with working(NOW) as corp:
        corp.customers = {"wo1": ["lisi"], "wo2": ["lisi"]}
        yield corp


@pytest.fixture
def calls(corp):
    return asking(corp)


def asking(corp):
    windows = Windows()
    return Calls(App(CORP, SECRET), POSTER, Tokens(POSTER, windows, corp.base), windows, corp.base)


def refused(calls, message=ONE, match=r"^(wecom|http)\."):
    with pytest.raises(NotSent, match=match) as error:
        mass.send(calls, message, NOW)
    return error.value


TABLE = [
    (-1, Busy), (41063, Busy), (45033, Busy), (45009, Blocked),
    (40001, Halted), (40013, Halted), (40091, Halted), (50003, Halted), (60020, Halted), (48002, Halted), (301002, Halted),
    (40096, Gone), (84061, Gone), (84084, Gone),
    (60111, EmployeeRefused), (60011, EmployeeRefused), (40003, EmployeeRefused), (46004, EmployeeRefused), (701008, EmployeeRefused), (81013, Permanent),
    (40007, Unfit), (40058, Unfit), (44004, Unfit), (45002, Unfit), (41064, Unfit), (41065, Unfit),
    (40008, Unfit), (41046, Permanent), (41047, Permanent), (41001, Permanent), (41048, Nobody), (41093, AlreadyCancelled), (41094, Temporary),
    (93000, Gone), (93004, Gone), (93008, Gone), (999999, Permanent),
]  # fmt: skip


@pytest.mark.parametrize(("errcode", "kind"), TABLE)
def test_a_number_means_one_thing_and_its_words_are_never_told(corp, calls, errcode, kind):
    corp.errcodes[ADD] = [errcode]
    error = refused(calls)
    assert (type(error), str(error), corp.calls[ADD], corp.masses) == (kind, f"wecom.{errcode}", 1, {})


@pytest.mark.parametrize("errcode", [40014, 42001])
def test_a_token_that_is_over_is_renewed_before_anything_is_refused(corp, calls, errcode):
    corp.errcodes[ADD] = [errcode]
    mass.send(calls, ONE, NOW)
    assert (corp.calls[ADD], len(corp.masses)) == (2, 1)


def test_the_table_knows_these_numbers_and_no_others():
    listed = {errcode for errcode, _ in TABLE} - {999999} | {40014, 42001}
    assert set(errors.KINDS) == listed
    assert errors.kind(999999) is Kind.REQUEST


def test_the_number_of_a_customer_gives_up_nobody_where_there_are_several(corp, calls):
    for errcode in (40096, 84061, 84084):
        corp.errcodes[ADD] = [errcode]
        assert type(refused(calls, TWO)) is Divisible


def test_a_sender_who_has_left_is_no_reason_to_give_up_the_customer(calls):
    """From the rules of the fake, not by a number that it was told to answer."""
    error = refused(calls, MassMessage("single", ("wo1",), "x", sender="gone"))
    assert (type(error), str(error)) == (EmployeeRefused, "wecom.60111")


@pytest.mark.parametrize("errcode", [60111, 60011, 40003, 46004, 701008, 81013])
def test_employees_to_whom_an_app_writes_are_recipients_themselves(corp, calls, errcode):
    told = {}
    for users in (("lisi",), ("lisi", "ZhangSan")):
        corp.errcodes[SEND] = [errcode]
        with pytest.raises(NotSent) as error:
            app_message.send(calls, 1, AppMessage("m", users, "x"), NOW)
        told[len(users)] = type(error.value)
    assert told == {1: Gone, 2: Gone if errcode == 81013 else Divisible}  # which says that it means all of them


@pytest.mark.parametrize("errcode", [40096, 60111, 81013, 40058])
def test_a_call_that_writes_to_nobody_gives_up_nobody_and_stops_no_campaign(corp, calls, errcode):
    corp.errcodes = {TASK: [errcode], CANCEL: [errcode]}
    for does in (progress.tasks, mass.cancel):
        with pytest.raises(NotSent) as error:
            does(calls, "m", NOW)
        assert (type(error.value), str(error.value)) == (Permanent, f"wecom.{errcode}")


def test_a_busy_system_may_be_asked_three_times_more_and_others_as_long_as_one_likes(corp, calls):
    corp.errcodes[ADD] = [-1, 45033]
    assert [refused(calls).most_retries for _ in range(2)] == [3, None]


def test_only_what_is_about_the_recipient_for_good_is_of_the_class_that_suppresses_it():
    for kind in (Halted, Unfit, Divisible, EmployeeRefused, Nobody, AlreadyCancelled, Blocked, Busy):
        assert not issubclass(kind, Gone)
    assert issubclass(Blocked, Temporary)
    assert issubclass(Busy, Temporary)
    assert not issubclass(Halted, (Temporary, Permanent))


def test_an_address_of_wecom_that_leads_into_the_house_halts_the_connector_and_gives_up_no_customer(corp):
    """As where a name server lies. The token is had, and then nothing may be asked; or not even that."""
    windows = Windows()
    known = Tokens(POSTER, windows, corp.base)
    for tokens in (known, Tokens(Poster(), windows, "https://127.0.0.1")):
        calls = Calls(App(CORP, SECRET), Poster(), tokens, windows, "https://127.0.0.1")
        error = refused(calls, match=r"^address\.")
        assert (type(error), str(error)) == (Halted, "address.private")
    assert (corp.calls["/cgi-bin/gettoken"], corp.calls[ADD]) == (1, 0)


def test_a_full_minute_blocks_that_api_and_no_other(corp, calls):
    corp.per_minute = 2
    mass.send(calls, ONE, NOW)
    accepted = mass.send(calls, ONE, NOW)
    error = refused(calls)
    assert (type(error), error.after_s, error.window) == (Blocked, 60.0, "minute")
    refused(calls)
    assert corp.calls[ADD] == 3
    assert len(progress.tasks(calls, accepted.msgid, NOW)) == 1


def test_a_lost_answer_leaves_it_open_whether_the_task_was_made(corp, calls):
    corp.loses[ADD] = 1
    error = refused(calls)
    assert (type(error), str(error), len(corp.masses)) == (Uncertain, "http.lost", 1)


def test_a_lost_answer_to_a_question_is_worth_asking_again(corp, calls):
    accepted = mass.send(calls, ONE, NOW)
    corp.loses[TASK] = 1
    with pytest.raises(Temporary):
        progress.tasks(calls, accepted.msgid, NOW)
    assert len(progress.tasks(calls, accepted.msgid, NOW)) == 1


def test_nobody_there_is_worth_trying_again():
    with working(NOW) as corp:
        calls = asking(corp)
        corp.customers = {"wo1": ["lisi"]}
        mass.send(calls, ONE, NOW)
    error = refused(calls)
    assert (type(error), str(error)) == (Temporary, "http.unreachable")


@pytest.mark.parametrize(
    "told", [b"", b"<html>", b"[]", b"{}", b'{"errcode": "0"}', b'{"errcode": true}', b'{"errcode": 0}', b"\xff"]
)
def test_an_answer_that_cannot_be_read_leaves_it_open_whether_the_task_was_made(corp, calls, told):
    corp.garbage[ADD] = [told]
    error = refused(calls)
    assert (type(error), str(error)) == (Uncertain, "wecom.unreadable")
