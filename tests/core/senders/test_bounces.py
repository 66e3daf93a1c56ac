"""Letters that come back: whose they were, and whether their address is given up."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders import bounces
from core.senders.bounces import Bounce, Returns
from tests.fakes.reports import RFC_3464, report

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
KEY, OLD = b"n" * 32, b"o" * 32
RETURNS = Returns("bounces@brand.example", (KEY, OLD))
HERE = bounces.path(RETURNS, "m_17")


def test_a_return_path_names_its_message_and_proves_it():
    proof = hmac.digest(KEY, b"return\x00m_17", hashlib.sha256).hex()[:16]
    assert f"bounces+m_17-{proof}@brand.example" == HERE


@given(st.text("abcxyz0189_", min_size=1, max_size=32), st.booleans())
def test_a_return_path_leads_back_to_its_message_whatever_its_case_became(name, is_loud):
    path = bounces.path(RETURNS, name)
    assert bounces.message_of(RETURNS, path.upper() if is_loud else path) == name
    assert len(path.partition("@")[0]) <= 64


def test_paths_under_the_key_before_still_lead_back():
    old = bounces.path(Returns(RETURNS.mailbox, (OLD,)), "m_17")
    assert bounces.message_of(RETURNS, old) == "m_17"


@pytest.mark.parametrize(
    "address",
    [
        "bounces@brand.example",
        "bounces+m_17-0000000000000000@brand.example",
        HERE.replace("m_17", "m_18"),
        HERE.replace("brand", "other"),
        HERE.replace("bounces", "bouncez"),
        f"x{HERE}",
        f"{HERE}, a@b.example",
        "",
    ],
)
def test_a_path_that_the_house_did_not_make_leads_nowhere(address):
    assert bounces.message_of(RETURNS, address) is None
    assert bounces.read(RETURNS, address, report(("failed", "5.1.1", ""))) is None


@pytest.mark.parametrize("name", ["", "M17", "a-b", "a b", "a\n", "x" * 33, "林"])
def test_a_name_that_mail_servers_would_change_is_refused(name):
    with pytest.raises(ValueError, match="return path"):
        bounces.path(RETURNS, name)


def test_a_mailbox_that_leaves_no_room_is_refused():
    with pytest.raises(ValueError, match="return path"):
        bounces.path(Returns("b" * 44 + "@brand.example", (KEY,)), "abcd")
    assert bounces.path(Returns("b" * 42 + "@brand.example", (KEY,)), "abcd")


@pytest.mark.parametrize(
    ("status", "words", "kind", "told"),
    [
        ("5.1.1", "smtp; 550 5.1.1 <lin@example.com>: no such user", "hard", "5.1.1"),
        ("5.1.1 (bad destination mailbox address)", "", "hard", "5.1.1"),
        ("5.1.2", "", "hard", "5.1.2"),
        ("5.1.10", "", "hard", "5.1.10"),
        ("5.2.1", "", "hard", "5.2.1"),
        ("5.0.0", "smtp; 550 5.1.1 unknown", "hard", "5.1.1"),
        ("5.0.0", "", "soft", "5.0.0"),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", "soft", "5.2.2"),
        ("5.7.1", "smtp; 550 5.7.1 blocked, see 5.1.1", "soft", "5.7.1"),
        ("5.4.4", "", "soft", "5.4.4"),
        ("4.4.7", "smtp; 451 4.4.7 expired", "soft", "4.4.7"),
        ("4.1.1", "", "soft", "4.1.1"),
        ("nonsense", "", "soft", "unknown"),
    ],
)
def test_an_address_is_hard_only_where_it_is_the_address_itself(status, words, kind, told):
    assert bounces.read(RETURNS, HERE, report(("failed", status, words))) == Bounce("m_17", kind, told)


def test_the_example_of_the_standard_is_a_soft_one():
    assert bounces.read(RETURNS, HERE, RFC_3464.encode()) == Bounce("m_17", "soft", "4.0.0")
    assert bounces.read(RETURNS, HERE, RFC_3464.replace("\n", "\r\n").encode()) == Bounce("m_17", "soft", "4.0.0")


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_what_is_not_final_says_nothing(action):
    assert bounces.read(RETURNS, HERE, report((action, "5.1.1", ""))) is None


def test_of_several_recipients_the_one_whose_address_is_wrong_counts():
    raw = report(("delayed", "4.4.1", ""), ("FAILED", "5.2.2", ""), ("failed", "5.1.1", ""))
    assert bounces.read(RETURNS, HERE, raw) == Bounce("m_17", "hard", "5.1.1")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n",
        b"Content-Type: message/delivery-status\r\n\r\n",
        b'Content-Type: multipart/report; boundary="x"\r\n\r\nno parts',
        b"\xff\xfe\x00",
        report(("failed", "5.1.1", "")).replace(b"message/delivery-status", b"text/plain"),
    ],
)
def test_a_letter_that_is_no_report_says_nothing(raw):
    assert bounces.read(RETURNS, HERE, raw) is None


@given(st.binary(max_size=400))
def test_whatever_comes_back_is_read_without_an_error(raw):
    told = bounces.read(RETURNS, HERE, raw)
    assert told is None or told.kind in ("hard", "soft")


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("back", "given_up"),
    [
        ([], False),
        ([(100 * DAY, "hard")], True),
        ([(-DAY, "hard")], False),
        ([(DAY, "soft"), (2 * DAY, "soft")], False),
        ([(DAY, "soft"), (2 * DAY, "soft"), (15 * DAY, "soft")], True),
        ([(DAY, "soft"), (2 * DAY, "soft"), (15 * DAY + timedelta(seconds=1), "soft")], False),
        ([(DAY, "soft"), (2 * DAY, "soft"), (-DAY, "soft")], False),
    ],
)
def test_an_address_is_given_up_after_one_hard_or_three_soft_within_fifteen_days(back, given_up):
    assert bounces.is_given_up([(NOW - ago, kind) for ago, kind in back], NOW) is given_up
