"""E-mail over real sockets: what arrives, how it is protected, and what each answer of a server means."""

import smtplib
import socket
from datetime import UTC, datetime, timedelta

import pytest

from core.senders.sender import Destination, Gone, Message, Permanent, Temporary, Uncertain
from core.senders.smtp import Smtp
from core.settings import Mail
from tests.fakes.certificates import trust
from tests.fakes.mail import PASSWORD, USER, post_office

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
LIN = "lin@example.com"


def message(title="风险预警：会员流失", text="风险预警：会员流失\n数值：3.1%"):
    return Message("msg_1", "warning.raised", title, text, NOW)


@pytest.fixture
def office():
    with post_office() as box:
        yield box


def mail(box, security="none", user="", password=""):
    return Mail("127.0.0.1", box.port, security, "cockpit@brand.example", user, password)


def send(box, told=None, to=LIN, now=NOW):
    Smtp(mail(box)).send(Destination(to), told or message(), now)


def test_a_letter_arrives_as_plain_text_with_all_that_tells_it_apart(office):
    send(office)
    (letter,) = office.letters
    told = {name: letter[name] for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")}
    assert told == {
        "From": "cockpit@brand.example",
        "To": LIN,
        "Subject": "风险预警：会员流失",
        "Date": "Fri, 20 Nov 2026 01:02:03 +0000",
        "Message-ID": "<msg_1@brand.example>",
        "Auto-Submitted": "auto-generated",
    }
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines() == ["风险预警：会员流失", "数值：3.1%"]


def test_a_letter_that_is_sent_again_keeps_its_identity(office):
    send(office)
    send(office, now=NOW + timedelta(hours=2))
    assert [one["Message-ID"] for one in office.letters] == ["<msg_1@brand.example>"] * 2


@pytest.mark.parametrize(
    "to", [f"{LIN}\r\nBcc: all@example.com", f"{LIN}, b@example.com", f"Lin <{LIN}>", f"{LIN}\n", "-oQ/tmp/x"]
)
def test_an_address_cannot_write_headers_nor_name_anybody_else(office, to):
    with pytest.raises(Gone):
        send(office, to=to)
    assert office.letters == []


@pytest.mark.parametrize("title", ["a\r\nBcc: all@example.com", "a\nb", "a\x00b", "a\u2028b"])
def test_a_title_cannot_write_headers(office, title):
    with pytest.raises(Permanent):
        send(office, message(title))
    assert office.letters == []


def test_lines_of_the_text_are_text_whatever_they_look_like(office):
    told = "Subject: other\n.\nQUIT\n.\n\nBcc: all@example.com"
    send(office, message(text=told))
    (letter,) = office.letters
    assert (letter.get_content().splitlines(), letter["Bcc"]) == (told.splitlines(), None)


@pytest.mark.parametrize(
    ("part", "answer", "kind", "code"),
    [
        ("recipients", "550 no such user", Permanent, "smtp.550"),
        ("recipients", "450 busy", Temporary, "smtp.450"),
        ("data", "554 spam", Permanent, "smtp.554"),
        ("data", "451 later", Temporary, "smtp.451"),
    ],
)
def test_what_the_server_answers_says_whether_it_is_worth_trying_again(office, part, answer, kind, code):
    getattr(office, part).append(answer)
    with pytest.raises(kind) as error:
        send(office)
    assert (type(error.value), str(error.value)) == (kind, code)
    assert office.letters == []
    send(office)


def test_a_connection_lost_after_the_letter_leaves_it_open_whether_it_arrived(office):
    office.hangs_up = 1
    with pytest.raises(Uncertain):
        send(office)
    assert len(office.letters) == 1


def test_nobody_there_is_worth_trying_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = Mail("127.0.0.1", taken.getsockname()[1], "none", "a@b.example")
        with pytest.raises(Temporary) as error:
            Smtp(server).send(Destination(LIN), message(), NOW)
    assert error.value.code == "smtp.unreachable"


def test_a_server_without_encryption_gets_nothing_when_it_is_asked_for(office):
    with pytest.raises(Temporary) as error:
        Smtp(mail(office, "starttls")).send(Destination(LIN), message(), NOW)
    assert (error.value.code, office.letters) == ("smtp.unsupported", [])


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_letters_and_log_ins_go_encrypted_and_only_to_a_server_that_somebody_vouches_for(tmp_path, security):
    made = trust(tmp_path)
    way = {"starttls": made.server} if security == "starttls" else {"tls": made.server}
    with post_office(**way, wants_login=security == "starttls") as box:
        server = mail(box, security, *((USER, PASSWORD) if security == "starttls" else ()))
        with pytest.raises(Temporary) as error:
            Smtp(server, made.stranger).send(Destination(LIN), message(), NOW)
        assert error.value.code == "smtp.certificate"
        Smtp(server, made.believer).send(Destination(LIN), message(), NOW)
        assert len(box.letters) == 1


def test_a_wrong_password_is_told_and_stands_nowhere(tmp_path):
    made = trust(tmp_path)
    with post_office(starttls=made.server, wants_login=True) as box:
        wrong = mail(box, "starttls", USER, "hush hush")
        with pytest.raises(Temporary) as error:
            Smtp(wrong, made.believer).send(Destination(LIN), message(), NOW)
    assert error.value.code == "smtp.login"
    assert "hush" not in repr(wrong) + str(error.value)
    assert isinstance(error.value.__cause__, smtplib.SMTPAuthenticationError)
