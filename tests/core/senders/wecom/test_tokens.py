"""Access tokens over a real socket: how often WeCom is asked for one, and when never again."""

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from core.senders.outcomes import Halted
from core.senders.posting import Poster
from core.senders.sender import Permanent, Temporary, Uncertain
from core.senders.wecom.calls import Calls
from core.senders.wecom.errors import Blocked
from core.senders.wecom.tokens import App, Tokens
from core.senders.wecom.windows import Windows
from tests.fakes.wecom import ADD, CORP, GETTOKEN, SECRET, SEND, TASK, working

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
APP = App(CORP, SECRET)
POSTER = Poster({"127.0.0.1"})


@pytest.fixture
def corp():
    with working(NOW) as corp:
        yield corp


@pytest.fixture
def tokens(corp):
    return Tokens(POSTER, Windows(), corp.base)


def asking(corp, app=APP):
    windows = Windows()
    return Calls(app, POSTER, Tokens(POSTER, windows, corp.base), windows, corp.base)


def ask(calls, now=NOW):
    """Whoever gets so far as to hear that a message does not exist had a token that was taken."""
    with pytest.raises(Permanent) as error:
        calls.read(TASK, {"msgid": "none"}, now)
    assert error.value.code == "wecom.41047"


def at_once(count, work):
    """What each of so many threads got, or raised, when they began together."""
    start = threading.Barrier(count)

    def one(_):
        start.wait(30)
        return work()

    with ThreadPoolExecutor(count) as pool:
        return [future.result(60) for future in [pool.submit(one, number) for number in range(count)]]


def test_a_token_is_asked_for_once_and_used_until_shortly_before_its_end(corp, tokens):
    first = tokens.token(APP, NOW)
    corp.now = NOW + timedelta(seconds=7200 - 301)
    assert (tokens.token(APP, corp.now), corp.calls[GETTOKEN]) == (first, 1)
    corp.now = NOW + timedelta(seconds=7200 - 300)
    tokens.token(APP, corp.now)
    assert corp.calls[GETTOKEN] == 2
    corp.now = NOW + timedelta(seconds=7200)
    assert tokens.token(APP, corp.now) != first


def test_a_token_of_a_short_life_is_not_over_before_it_is_used(corp, tokens):
    tokens.token(APP, NOW)
    later = corp.now = NOW + timedelta(seconds=7100)  # of which 100 seconds are left
    fresh = Tokens(POSTER, Windows(), corp.base)
    fresh.token(APP, later)
    fresh.token(APP, later + timedelta(seconds=89))
    assert corp.calls[GETTOKEN] == 2
    corp.now = later + timedelta(seconds=90)
    fresh.token(APP, corp.now)
    assert corp.calls[GETTOKEN] == 3


def test_twenty_threads_that_need_the_first_token_ask_once(corp, tokens):
    told = at_once(20, lambda: tokens.token(APP, NOW))
    assert (len(set(told)), corp.calls[GETTOKEN]) == (1, 1)


@pytest.mark.parametrize("ends", ["early", "in time"])
def test_twenty_threads_whose_token_is_refused_at_once_fetch_one_other_and_all_succeed(corp, ends):
    """All of them are refused before any is answered, so that each has reason to ask anew."""
    calls = asking(corp)
    ask(calls)
    if ends == "early":
        corp.end_token()
    else:
        corp.now = NOW + timedelta(seconds=7200)
    gate = corp.gates[TASK] = threading.Barrier(20)
    now = NOW if ends == "early" else NOW + timedelta(seconds=6800)  # a clock of ours that is late
    at_once(20, lambda: ask(calls, now))
    assert gate.n_waiting == 0
    assert (corp.calls[GETTOKEN], corp.calls[TASK]) == (2, 1 + 20 + 20)


@pytest.mark.parametrize("errcode", [40014, 42001])
def test_a_call_is_repeated_once_with_another_token_and_then_given_up_for_now(corp, errcode):
    calls = asking(corp)
    ask(calls)
    corp.errcodes[TASK] = [errcode]
    ask(calls)
    assert (corp.calls[GETTOKEN], corp.calls[TASK]) == (2, 3)


def test_a_token_that_is_refused_over_and_over_is_not_replaced_more_than_once_a_minute(corp):
    calls = asking(corp)
    corp.errcodes[TASK] = [40014] * 3
    with pytest.raises(Temporary) as error:
        calls.read(TASK, {}, NOW)
    assert (error.value.code, corp.calls[GETTOKEN], corp.calls[TASK]) == ("wecom.40014", 2, 2)
    with pytest.raises(Temporary) as error:
        calls.read(TASK, {}, NOW + timedelta(seconds=20))
    assert (error.value.code, error.value.after_s, corp.calls[GETTOKEN]) == ("wecom.token_refused", 40.0, 2)
    corp.errcodes[TASK] = [40014]
    ask(calls, NOW + timedelta(seconds=60))
    assert corp.calls[GETTOKEN] == 3


def test_even_a_sending_is_repeated_after_a_refused_token_because_it_had_no_effect(corp):
    corp.customers = {"wo1": ["lisi"]}
    calls = asking(corp)
    ask(calls)
    corp.end_token()
    calls.do(ADD, {"chat_type": "single", "external_userid": ["wo1"], "text": {"content": "x"}}, NOW)
    assert len(corp.masses) == 1


@pytest.mark.parametrize(
    ("app", "code"), [(App(CORP, "wrong"), "wecom.40001"), (App("ww-wrong", SECRET), "wecom.40013")]
)
def test_a_wrong_secret_is_asked_with_once_and_never_again(corp, tokens, app, code):
    for hours in (0, 0, 5, 500):
        with pytest.raises(Halted) as error:
            tokens.token(app, NOW + timedelta(hours=hours))
        assert error.value.code == code
    assert corp.calls[GETTOKEN] == 1


def test_twenty_threads_with_a_wrong_secret_ask_once_together(corp, tokens):
    def work():
        with pytest.raises(Halted):
            tokens.token(App(CORP, "wrong"), NOW)

    at_once(20, work)
    assert corp.calls[GETTOKEN] == 1


def test_another_secret_is_the_way_out_of_a_wrong_one(corp, tokens):
    with pytest.raises(Halted):
        tokens.token(App(CORP, "wrong"), NOW)
    assert tokens.token(APP, NOW)
    assert tokens.token(App(CORP, SECRET), NOW)
    assert corp.calls[GETTOKEN] == 2


@pytest.mark.parametrize("errcode", [40001, 40013, 40091])
def test_credentials_that_turn_out_wrong_at_a_call_end_the_asking_for_tokens_too(corp, errcode):
    calls = asking(corp)
    corp.errcodes[SEND] = [errcode]
    with pytest.raises(Halted):
        calls.do(SEND, {}, NOW)
    for _ in range(2):
        with pytest.raises(Halted):
            calls.do(SEND, {}, NOW + timedelta(hours=3))
    assert (corp.calls[GETTOKEN], corp.calls[SEND]) == (1, 1)


def test_a_secret_that_turns_out_wrong_just_after_a_renewal_is_said_to_be_wrong(corp, tokens):
    first = tokens.token(APP, NOW)
    corp.end_token()
    tokens.renewed(APP, first, NOW)
    tokens.halt(APP, 40001)
    with pytest.raises(Halted) as error:
        tokens.renewed(APP, "another", NOW)
    assert (error.value.code, corp.calls[GETTOKEN]) == ("wecom.40001", 2)


def test_what_somebody_may_allow_meanwhile_halts_but_is_asked_again(corp, tokens):
    corp.errcodes[GETTOKEN] = [60020]
    with pytest.raises(Halted):
        tokens.token(APP, NOW)
    assert tokens.token(APP, NOW)


def test_asking_in_vain_is_followed_by_a_pause_for_everybody(corp, tokens):
    corp.errcodes[GETTOKEN] = [-1]
    for seconds, after_s in ((0, None), (4, 6.0), (9, 1.0)):
        with pytest.raises(Temporary) as error:
            tokens.token(APP, NOW + timedelta(seconds=seconds))
        assert (error.value.code, error.value.after_s) == ("wecom.-1", after_s)
    assert corp.calls[GETTOKEN] == 1
    assert tokens.token(APP, NOW + timedelta(seconds=10))


def test_too_much_asking_for_tokens_ends_it_for_an_hour(corp, tokens):
    corp.errcodes[GETTOKEN] = [45009]
    for seconds, after_s in ((0, 3600.0), (5, 3595.0), (3540, 60.0)):
        with pytest.raises(Blocked) as error:
            tokens.token(APP, NOW + timedelta(seconds=seconds))
        assert (error.value.after_s, error.value.window) == (after_s, "hour")
    assert corp.calls[GETTOKEN] == 1
    assert tokens.token(APP, NOW + timedelta(minutes=60))


def test_a_lost_or_broken_answer_to_the_asking_for_a_token_may_be_tried_again(corp, tokens):
    corp.loses[GETTOKEN] = 1
    with pytest.raises(Temporary) as error:
        tokens.token(APP, NOW)
    assert error.value.code == "http.lost"
    corp.statuses[GETTOKEN] = [502]
    with pytest.raises(Temporary) as error:
        tokens.token(APP, NOW + timedelta(seconds=10))
    assert (type(error.value), error.value.code) == (Temporary, "http.502")


def test_an_error_of_http_leaves_open_whether_a_sending_happened_and_not_whether_a_question_did(corp):
    calls = asking(corp)
    for status in (302, 403, 429, 500, 503):
        corp.statuses[SEND], corp.statuses[TASK] = [status], [status]
        with pytest.raises(Uncertain) as lost:
            calls.do(SEND, {"agentid": 1}, NOW)
        with pytest.raises(Temporary) as asked:
            calls.read(TASK, {}, NOW)
        assert (lost.value.code, asked.value.code) == (f"http.{status}", f"http.{status}")


def test_no_secret_stands_in_what_is_printed_or_raised(corp, tokens):
    with pytest.raises(Halted) as error:
        tokens.token(App(CORP, "hush-hush"), NOW)
    told = "".join(traceback.format_exception_only(error.value)) + repr(App(CORP, "hush-hush"))
    assert "hush" not in told
    assert (error.value.__cause__, error.value.__context__) == (None, None)
