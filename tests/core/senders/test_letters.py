"""Letters of campaigns over real sockets: what arrives, under which envelope, and what each refusal is about."""

from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from core.senders import bounces, leaving
from core.senders.bounces import Returns
from core.senders.letters import Letter, Letters
from core.senders.outcomes import Halted
from core.senders.sender import Gone, Permanent, Temporary, Uncertain
from core.settings import Mail
from tests.fakes.certificates import trust
from tests.fakes.mail import USER, post_office

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
LIN = "lin@example.com"
RETURNS = Returns("bounces@brand.example", (b"n" * 32,))
LINK = "https://out.brand.example/leave/" + leaving.token(b"k" * 32, leaving.Leaving("c81723", "email", "marketing"))


@pytest.fixture
def office():
    with post_office() as box:
        yield box


def letter(**more):
    every = {
        "message_id": "m_17",
        "sender_name": "某某旗舰店",
        "title": "会员积分即将到期",
        "text": "亲爱的会员：\n您有 300 积分。",
        "way_out": LINK,
    }
    return Letter(**{**every, **more})


def send(box, told=None, to=LIN, user=""):
    Letters(Mail("127.0.0.1", box.port, "none", "news@brand.example", user), RETURNS).send(to, told or letter(), NOW)


def test_a_letter_arrives_with_its_way_out_and_a_return_path_of_its_own(office):
    send(office)
    (arrived,) = office.letters
    told = {
        name: str(arrived[name]) for name in ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe-Post")
    }
    assert told == {
        "From": "某某旗舰店 <news@brand.example>",
        "To": LIN,
        "Subject": "会员积分即将到期",
        "Date": "Fri, 20 Nov 2026 01:02:03 +0000",
        "Message-ID": "<m_17@brand.example>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert arrived.get_content().splitlines() == ["亲爱的会员：", "您有 300 积分。"]
    (envelope,) = office.envelopes
    assert envelope == (bounces.path(RETURNS, "m_17"), [LIN])
    assert bounces.message_of(RETURNS, envelope[0]) == "m_17"


def test_the_way_out_goes_over_the_wire_as_a_link_and_not_as_encoded_words(office):
    """The library folds what is longer than a line into words that programs do not read as a link."""
    send(office, letter(way_out=LINK + "?" + "a" * 700))
    raw = office.raw[0]
    lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{LINK}?{'a' * 700}>".encode() in lines
    assert max(map(len, lines)) <= 998


def test_a_long_address_and_a_long_title_arrive_whole(office):
    long = f"{'l' * 64}@{'d' * 60}.{'e' * 60}.example"
    send(office, letter(title="会员积分即将到期，" * 20), long)
    assert (str(office.letters[0]["To"]), str(office.letters[0]["Subject"])) == (long, "会员积分即将到期，" * 20)


def test_a_letter_with_pictures_has_its_plain_text_too(office):
    send(office, letter(html="<p>您有 <b>300</b> 积分。</p>"))
    parts = [part.get_content_type() for part in office.letters[0].walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    assert office.letters[0].get_body(("html",)).get_content().strip() == "<p>您有 <b>300</b> 积分。</p>"


@pytest.mark.parametrize("to", [f"{LIN}\r\nBcc: all@example.com", f"{LIN}, b@example.com", f"Lin <{LIN}>", ""])
def test_an_address_cannot_write_headers_nor_name_anybody_else(office, to):
    with pytest.raises(Gone):
        send(office, to=to)
    assert office.letters == []


@pytest.mark.parametrize("wrong", ["a\r\nBcc: all@example.com", "a\nb", "a\x00b", "a\u2028b"])
def test_neither_a_title_nor_a_name_can_write_headers(office, wrong):
    for told in (letter(title=wrong), letter(sender_name=wrong)):
        with pytest.raises(Permanent):
            send(office, told)
    assert office.letters == []


@pytest.mark.parametrize(
    "more", [{"way_out": "http://x.example/"}, {"way_out": f"{LINK}\r\nBcc: a@b.example"}, {"message_id": "M 1\r\n"}]
)
def test_a_letter_without_a_way_out_or_a_name_does_not_go(office, more):
    with pytest.raises(ValueError, match=r"https|return path"):
        send(office, letter(**more))
    assert office.letters == []


@pytest.mark.parametrize(
    ("part", "answer", "kind", "code"),
    [
        ("recipients", "550 5.1.1 <lin@example.com>: no such user", Gone, "smtp.5.1.1"),
        ("recipients", "550 5.2.1 disabled", Gone, "smtp.5.2.1"),
        ("recipients", "550 5.7.1 we do not like you, see 5.1.1", Permanent, "smtp.550"),
        ("recipients", "550 no", Permanent, "smtp.550"),
        ("recipients", "552 5.2.2 full", Permanent, "smtp.552"),
        ("recipients", "450 4.1.1 later", Temporary, "smtp.450"),
        ("data", "554 5.7.1 spam", Permanent, "smtp.554"),
        ("data", "550 5.1.1 no such user", Permanent, "smtp.550"),
        ("data", "451 4.3.0 later", Temporary, "smtp.451"),
        ("senders", "550 5.7.1 not you", Halted, "smtp.550"),
        ("senders", "451 4.3.0 later", Temporary, "smtp.451"),
    ],
)
def test_a_refusal_is_about_the_address_the_letter_or_the_house(office, part, answer, kind, code):
    getattr(office, part).append(answer)
    with pytest.raises(kind) as error:
        send(office)
    assert (type(error.value), str(error.value), office.letters) == (kind, code, [])
    send(office)
    assert len(office.letters) == 1


def test_a_connection_lost_after_the_letter_leaves_it_open(office):
    office.hangs_up = 1
    with pytest.raises(Uncertain):
        send(office)
    assert len(office.letters) == 1


def test_a_wrong_password_or_certificate_halts_the_connector(tmp_path):
    made = trust(tmp_path)
    with post_office(starttls=made.server, wants_login=True) as box:
        server = Mail("127.0.0.1", box.port, "starttls", "news@brand.example", USER, "hush hush")
        for context, code in ((made.believer, "smtp.login"), (made.stranger, "smtp.certificate")):
            with pytest.raises(Halted) as error:
                Letters(server, RETURNS, context).send(LIN, letter(), NOW)
            assert str(error.value) == code


def test_what_a_person_reads_and_the_link_stand_in_nothing_that_is_printed():
    assert not any(one in repr(letter()) for one in ("300", LINK, "c81723"))


def test_a_bounce_of_a_letter_leads_back_to_its_message(office):
    send(office)
    returned = message_from_bytes(office.raw[0])
    assert returned["Message-ID"] == "<m_17@brand.example>"
    report = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
    ) + office.raw[0] + b"\r\n--b--\r\n"  # fmt: skip
    told = bounces.read(RETURNS, office.envelopes[0][0], report)
    assert told == bounces.Bounce("m_17", "hard", "5.1.1")
