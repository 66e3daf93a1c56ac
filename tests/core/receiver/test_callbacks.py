"""What platforms tell: proved before it is kept, kept once and sealed, answered as each platform wants it."""

import hashlib
import socket
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest

from core.campaigns import callbacks
from core.errors import WrongKey
from core.receiver import guarding
from core.senders import bounces
from core.senders.markup import MOST_BYTES
from core.store.campaign_tables import Inbound
from core.work.campaigns.hearing import inbox
from tests.core.receiver.conftest import NOW
from tests.fakes.wecom import CORP, envelope, query_of, sealed

TOKEN, KEY, APP = "hush-token", "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws", "wx0123456789abcdef"
SECRETS = {"callback_token": TOKEN, "callback_key": KEY}


def event(customer="wmLin", at=NOW):
    return (
        f"<xml><ToUserName>{CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>{int(at.timestamp())}</CreateTime><MsgType>event</MsgType>"
        f"<Event>change_external_contact</Event><ChangeType>del_follow_user</ChangeType><UserID>zhangsan</UserID><ExternalUserID>{customer}</ExternalUserID></xml>"
    ).encode()


def signed(message, at=NOW, receiver=CORP, salt=b"0123456789abcdef"):
    encrypted = sealed(KEY, message, receiver, salt)
    return urlencode(query_of(TOKEN, encrypted, at)), envelope(encrypted)


def plainly(at=NOW, token=TOKEN, **more):
    stamp = str(int(at.timestamp()))
    signature = hashlib.sha1("".join(sorted((token, stamp, "n0nce"))).encode()).hexdigest()
    return urlencode({"signature": signature, "timestamp": stamp, "nonce": "n0nce"} | more)


def kept(world):
    return [(one.connector_id, one.kind, inbox.opened(world.desk.inbox, one).body) for one in world.rows(Inbound)]


def test_an_event_of_wecom_is_kept_once_however_often_it_comes(world):
    here = world.connector("wecom", {"corp_id": CORP}, **SECRETS)
    answers = []
    for salt in (b"0123456789abcdef", b"fedcba9876543210"):  # sealed anew at every try
        query, body = signed(event(), salt=salt)
        answers.append(world.ask(f"/in/{here}/events?{query}", "POST", body))
    assert [(one.status, one.body) for one in answers] == [(200, ""), (200, "")]
    query, body = signed(event("wmWang"))
    world.ask(f"/in/{here}/events?{query}", "POST", body)
    assert kept(world) == [(here, "wecom", event()), (here, "wecom", event("wmWang"))]
    assert all(b"wmLin" not in one.sealed for one in world.rows(Inbound))


def test_wecom_tries_the_address_and_gets_back_what_it_sealed(plain):
    here = plain.connector("wecom", {"corp_id": CORP}, **SECRETS)
    echo = sealed(KEY, b"94966531020182955848408", CORP)
    query = urlencode(query_of(TOKEN, echo, NOW) | {"echostr": echo})
    answer = plain.ask(f"/in/{here}/events?{query}")
    assert (answer.status, answer.body) == (200, "94966531020182955848408")


def test_what_is_not_proved_is_not_kept(plain):
    here = plain.connector("wecom", {"corp_id": CORP}, **SECRETS)
    bare = plain.connector("official_account", {"app_id": APP})
    query, body = signed(event())
    foreign, theirs = signed(event(), receiver="wwother")
    asked = [
        (f"/in/{here}/events?{query[:-1]}0", body),
        (f"/in/{here}/events?{query}", envelope("AAAA")),
        (f"/in/{here}/events?{query}", b"<xml"),
        (f"/in/{here}/events?{foreign}", theirs),
        (f"/in/{here}/events?{plainly()}", event()),
        (f"/in/{here}/receipts?{query}", body),
        (f"/in/{here + 99}/events?{query}", body),
        (f"/in/demo-{here}/events?{query}", body),
        (f"/in/{bare}/events?{plainly(token='')}", event()),
    ]
    assert {plain.ask(path, "POST", content).status for path, content in asked} == {403}
    assert kept(plain) == []


@pytest.mark.parametrize("kind", ["official_account", "mini_program"])
def test_events_of_wechat_are_taken_plain_or_sealed_as_the_house_has_set_it(plain, kind):
    open_one = plain.connector(kind, {"app_id": APP}, callback_token=TOKEN)
    tried = plain.ask(f"/in/{open_one}/events?{plainly(echostr='hello')}")
    told = plain.ask(f"/in/{open_one}/events?{plainly()}", "POST", event())
    assert [(one.status, one.body) for one in (tried, told)] == [(200, "hello"), (200, "success")]
    assert kept(plain) == [(open_one, kind, event())]


def test_where_wechat_seals_its_events_plain_ones_are_not_believed(plain):
    here = plain.connector("official_account", {"app_id": APP}, **SECRETS)
    query, body = signed(event(), receiver=APP)
    assert plain.ask(f"/in/{here}/events?{query}&signature=x", "POST", body).status == 200
    assert plain.ask(f"/in/{here}/events?{plainly()}", "POST", event("wmWang")).status == 403
    assert kept(plain) == [(here, "official_account", event())]


def test_a_signature_that_covers_no_body_is_good_for_ten_minutes(plain):
    here = plain.connector("official_account", {"app_id": APP}, callback_token=TOKEN)
    for minutes, status in ((-10, 200), (10, 200), (-11, 403), (11, 403)):
        query = plainly(NOW + timedelta(minutes=minutes))
        assert plain.ask(f"/in/{here}/events?{query}", "POST", event(f"wm{minutes}")).status == status


@pytest.mark.parametrize(("kind", "answer"), [("aliyun_sms", '{"code": 0, "msg": "OK"}'), ("tencent_sms", '{"result": 0, "errmsg": "OK"}')])  # fmt: skip
def test_what_sms_providers_push_is_taken_at_the_secret_address_alone(world, kind, answer):
    here = world.connector(kind)
    for name in ("receipts", "replies", "receipts"):
        told = world.ask(world.inward(here, name), "POST", f'[{{"{name}":1}}]')
        assert (told.status, told.body) == (200, answer)
    wrong = [
        f"/in/{here}/receipts",
        f"/in/{here}/receipts/x",
        world.inward(here, "receipts").replace("receipts", "replies"),
    ]
    assert [world.ask(path, "POST", b"[]").status for path in wrong] == [403] * 3
    assert world.ask(world.inward(here, "receipts"), "POST", b"").status == 403
    assert kept(world) == [(here, "receipts", b'[{"receipts":1}]'), (here, "replies", b'[{"replies":1}]')]


def test_a_letter_that_came_back_is_kept_with_the_envelope_it_came_in(world):
    here = world.connector("email")
    to = "bounces+c1_7-0011223344556677@brand.example"
    assert world.ask(f"{world.inward(here, 'bounces')}?to={quote(to)}", "POST", b"\xffraw").status == 200
    [row] = world.rows(Inbound)
    news = inbox.opened(world.desk.inbox, row)
    assert (news.body, news.to, row.kind) == (b"\xffraw", to, "bounces")


def test_news_are_opened_by_nobody_who_moves_them_elsewhere(plain):
    here = plain.connector("email")
    plain.ask(plain.inward(here, "bounces"), "POST", b"raw")
    [row] = plain.rows(Inbound)
    row.key = "0" * 64
    with pytest.raises(WrongKey):
        inbox.opened(plain.desk.inbox, row)


def test_a_body_that_is_too_large_is_not_read_to_its_end(plain):
    wecom = plain.connector("wecom", {"corp_id": CORP}, **SECRETS)
    mail = plain.connector("email")
    assert plain.ask(f"/in/{wecom}/events?{signed(event())[0]}", "POST", b"x" * (MOST_BYTES + 1)).status == 413
    assert plain.ask(plain.inward(mail, "bounces"), "POST", b"x" * (bounces.MOST_BYTES + 1)).status == 413
    assert plain.ask(plain.inward(mail, "bounces"), "POST", b"x" * bounces.MOST_BYTES).status == 200


def test_who_dawdles_is_cut_off(plain, monkeypatch):
    monkeypatch.setattr(guarding, "HEAD_S", 0.2)
    monkeypatch.setattr(guarding, "BODY_S", 0.2)
    mail = plain.connector("email")
    head = f"POST {plain.inward(mail, 'bounces')} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    for sent, answered in ((b"GET / HT", b""), (b"", b""), (head.encode() + b"slow", b"HTTP/1.1 503")):
        with socket.create_connection(("127.0.0.1", plain.port), timeout=20) as caller:
            caller.sendall(sent)
            assert caller.recv(12) == answered
    with socket.create_connection(("127.0.0.1", plain.port), timeout=20) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        found = b""
        while part := caller.recv(4096):  # the answer, and then the end, for nothing else is asked on it
            found += part
        assert found.endswith(b'{"status":"ok"}')
    assert kept(plain) == []


def test_who_guesses_secrets_is_not_answered_for_the_rest_of_the_minute(plain):
    here = plain.connector("aliyun_sms")
    told = [
        plain.ask(f"/in/{here}/receipts/{number}", "POST", b"[]").status for number in range(guarding.WRONG_PER_MINUTE)
    ]
    assert set(told) == {403}
    assert plain.ask(plain.inward(here, "receipts"), "POST", b"[]").status == 429


@pytest.mark.parametrize("world_name", ["live", "demo"])
def test_addresses_of_callbacks_say_whose_they_are(world_name):
    place = callbacks.place(world_name, 12)
    assert callbacks.read_place(place) == (world_name, 12)
    told = callbacks.addresses("https://go.example.com", b"k" * 32, world_name, 12, "aliyun_sms")
    secret = callbacks.secret(b"k" * 32, 12, "replies")
    assert told["replies"] == f"https://go.example.com/in/{place}/replies/{secret}" and len(secret) == 32
    assert callbacks.addresses("https://go.example.com", b"k" * 32, world_name, 12, "wecom") == {
        "events": f"https://go.example.com/in/{place}/events"
    }
    assert callbacks.addresses("https://go.example.com", b"k" * 32, world_name, 12, "webhook") == {}


@pytest.mark.parametrize("text", ["", "0", "-1", "demo-", "demo-0", "live-1", "1 ", "١", "12345678901"])
def test_what_names_no_connector_is_none(text):
    assert callbacks.read_place(text) is None
