"""Callbacks: published examples, everything that makes one be refused, and what each event says."""

import base64
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.senders import markup
from core.senders.markup import InvalidMarkup
from core.senders.wecom import callbacks
from core.senders.wecom.callbacks import (
    ChatChange,
    ChatDetail,
    ChatEvent,
    ContactChange,
    ContactEvent,
    Endpoint,
    Event,
    Rejected,
    read,
)
from tests.fakes.wecom import CORP, envelope, query_of, sealed

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
TOKEN, KEY = "hush-token", "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws"
HERE = Endpoint(TOKEN, KEY, CORP)


def posted(message, receiver=CORP, key=KEY, token=TOKEN):
    encrypted = sealed(key, message, receiver)
    return query_of(token, encrypted, NOW), envelope(encrypted)


def rejected(does):
    with pytest.raises(Rejected) as error:
        does()
    assert str(error.value) == error.value.code
    return error.value.code


# -- published examples -----------------------------------------------------------------------------------------------

GO_WORKWX = {
    "msg_signature": "1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
    "timestamp": "1583940690",
    "nonce": "VHh7ymSeb0jc4lSb",
    "echostr": "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==",
}
"""Of the tests of xen0n/go-workwx; its corp as in those of a client in Rust that uses the same example."""

TENCENT = ("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
"""The sample that Tencent's own libraries come with."""
TENCENT_ECHO = {
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "timestamp": "1409659589",
    "nonce": "263014780",
    "echostr": "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
}
TENCENT_QUERY = {
    "msg_signature": "477715d11cdb4164915debcba66cb864d751f3e6",
    "timestamp": "1409659813",
    "nonce": "1372623149",
}
TENCENT_BODY = (
    b"<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n<Encrypt><![CDATA["
    b"RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3"
    b"TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gs"
    b"ijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUa"
    b"x5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIG"
    b"HBZZIs2pDBS8R07+qN+E7Q==]]></Encrypt>\n<AgentID><![CDATA[218]]></AgentID>\n</xml>"
)


def test_the_trial_of_an_address_is_answered_as_published():
    endpoint = Endpoint("kjr2TKI8umCBfVF3wAHk8JiPwma5VBme", KEY, "ww6a112864f8022910")
    assert endpoint.echo(GO_WORKWX) == b"94966531020182955848408"
    assert Endpoint(*TENCENT).echo(TENCENT_ECHO) == b"1616140317555161061"


def test_a_published_message_is_read():
    told = Endpoint(*TENCENT).event(TENCENT_QUERY, TENCENT_BODY)
    assert (type(told), told.kind, told.at) == (Event, ("text",), datetime.fromtimestamp(1409659813, UTC))


def test_a_published_message_is_for_its_corp_only():
    token, key, _ = TENCENT
    assert rejected(lambda: Endpoint(token, key, "ww1").event(TENCENT_QUERY, TENCENT_BODY)) == "callback.receiver"
    assert rejected(lambda: Endpoint("wrong", key, TENCENT[2]).echo(TENCENT_ECHO)) == "callback.signature"


# -- whose and for whom -----------------------------------------------------------------------------------------------


@given(st.binary(max_size=3000), st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_whatever_wecom_seals_is_opened_as_it_was(message, salt, raw_key):
    key = base64.b64encode(raw_key).decode()[:43]
    encrypted = sealed(key, message, CORP, salt)
    assert callbacks.decrypted(callbacks.opened_key(key), encrypted) == (message, CORP.encode())
    query = query_of(TOKEN, encrypted, NOW) | {"echostr": encrypted}
    assert Endpoint(TOKEN, key, CORP).echo(query) == message


@given(st.data())
def test_one_changed_letter_anywhere_is_refused_before_anything_is_decrypted(data):
    encrypted = sealed(KEY, b"<xml><CreateTime>1</CreateTime></xml>", CORP)
    whole = query_of(TOKEN, encrypted, NOW) | {"echostr": encrypted}
    name = data.draw(st.sampled_from(sorted(whole)))
    place = data.draw(st.integers(0, len(whole[name]) - 1))
    letter = data.draw(
        st.characters(min_codepoint=33, max_codepoint=0x2FFF).filter(lambda one: one != whole[name][place])
    )
    changed = whole | {name: whole[name][:place] + letter + whole[name][place + 1 :]}
    assert rejected(lambda: HERE.echo(changed)) == "callback.signature"


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce", "echostr"])
def test_a_callback_without_a_part_of_its_proof_is_refused(missing):
    encrypted = sealed(KEY, b"1", CORP)
    query = query_of(TOKEN, encrypted, NOW) | {"echostr": encrypted}
    del query[missing]
    assert rejected(lambda: HERE.echo(query)) == "callback.signature"


def signed(encrypted):
    return query_of(TOKEN, encrypted, NOW) | {"echostr": encrypted}


def test_what_is_signed_but_cannot_be_opened_is_refused():
    good = base64.b64decode(sealed(KEY, b"x" * 40, CORP))
    cases = {
        "not base64!": "callback.base64",
        "字": "callback.base64",
        "A": "callback.base64",
        base64.b64encode(good[:-16]).decode(): "callback.length",
        base64.b64encode(good[:-1]).decode(): "callback.length",
        base64.b64encode(b"\0" * 32).decode(): "callback.padding",
        sealed("A" * 43, b"x" * 40, CORP): "callback.padding",
    }
    assert {told: rejected(lambda told=told: HERE.echo(signed(told))) for told in cases} == cases
    assert rejected(lambda: HERE.echo(query_of(TOKEN, "", NOW))) == "callback.signature"


def test_a_length_beyond_what_was_sent_is_refused():
    """The fake seals a message of its own making, in which the length is too large."""
    lying = sealed(KEY, b"", "", salt=b"0" * 16 + (99).to_bytes(4, "big") + b"short")
    assert rejected(lambda: HERE.echo(signed(lying))) == "callback.length"
    assert rejected(lambda: HERE.echo(signed(sealed(KEY, b"", "", salt=b"")))) == "callback.length"


def test_what_was_sealed_for_another_corp_is_refused():
    for receiver in ("", "ww-other", CORP[:-1], CORP + "1", CORP.upper()):
        query, body = posted(b"<xml/>", receiver)
        assert rejected(lambda query=query, body=body: HERE.event(query, body)) == "callback.receiver"


def test_a_key_that_is_none_is_refused_and_not_told():
    for wrong in ("", "hush" * 10, "hush" * 11, "!" * 43):
        with pytest.raises(ValueError, match=r"^The key of callbacks") as error:
            Endpoint(TOKEN, wrong, CORP)
        assert "hush" not in str(error.value)
    assert "hush" not in repr(HERE)


# -- safe XML ---------------------------------------------------------------------------------------------------------

LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)


@pytest.mark.parametrize(
    "document",
    [
        LAUGHS + b"]><xml>&j;</xml>",
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml>&a;</xml>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
        b'<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1/x"> %a;]><xml/>',
        b"<!DOCTYPE xml><xml/>",
        b'<?xml-stylesheet href="x"?><xml/>',
        b"<xml>&undefined;</xml>",
        b"<xml>",
        b"<xml/><xml/>",
        b"",
        b"{}",
        "<xml>字</xml>".encode("utf-16"),
        "<xml>字</xml>".encode("gbk"),
        b"<a>" * 9 + b"</a>" * 9,
        b"<xml>" + b" " * 1024 * 1024 + b"</xml>",
    ],
)
def test_dangerous_or_broken_xml_is_refused_and_never_grows(document):
    tracemalloc.start()
    try:
        with pytest.raises(InvalidMarkup):
            markup.read(document)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    query, body = posted(document)
    assert rejected(lambda: HERE.event(query, body)) == "callback.xml"
    assert rejected(lambda: HERE.event({}, document)) == "callback.xml"


def test_plain_entities_and_both_ways_of_writing_text_are_read():
    root = markup.read(
        b'<?xml version="1.0" encoding="utf-8"?><x> <a>1 &lt; 2 &#23383;</a><b><![CDATA[<a>&amp;]]></b></x>'
    )
    assert (root.value("a"), root.value("b"), root.value("c")) == ("1 < 2 字", "<a>&amp;", "")
    assert markup.read(b"<a>" * 8 + b"</a>" * 8).name == "a"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=200))
def test_any_text_is_read_as_it_was_written(text):
    inside = text.replace("]]>", "]]]]><![CDATA[>")
    assert markup.read(f"<x><a><![CDATA[{inside}]]></a></x>".encode()).value("a") == text.strip()


# -- what it tells ----------------------------------------------------------------------------------------------------


def letter(event, change, inside="", at=1403610513, sender="sys"):
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>"
        f"<ChangeType><![CDATA[{change}]]></ChangeType>{inside}</xml>"
    ).encode()


def contact(change, inside="", **more):
    who = "<UserID><![CDATA[lisi]]></UserID><ExternalUserID><![CDATA[wo1]]></ExternalUserID>"
    return letter("change_external_contact", change, who + inside, **more)


def chat(change, inside="", **more):
    return letter("change_external_chat", change, f"<ChatId><![CDATA[wr1]]></ChatId>{inside}", **more)


AT = datetime.fromtimestamp(1403610513, UTC)


def test_a_customer_who_was_added_brings_where_it_came_from_and_the_code_to_greet_it():
    query, body = posted(contact("add_external_contact", "<State>poster7</State><WelcomeCode>WC</WelcomeCode>"))
    told = HERE.event(query, body)
    assert told == ContactEvent(
        key=told.key,
        kind=("event", "change_external_contact", "add_external_contact"),
        at=AT,
        change=ContactChange.ADDED,
        userid="lisi",
        external_userid="wo1",
        state="poster7",
        welcome_code="WC",
        reason="",
    )
    assert not {"lisi", "wo1", "WC"} & set(repr(told).replace("'", " ").split())


@pytest.mark.parametrize(
    ("change", "meant"),
    [
        ("edit_external_contact", ContactChange.EDITED),
        ("add_half_external_contact", ContactChange.HALF_ADDED),
        ("del_external_contact", ContactChange.DELETED),
        ("del_follow_user", ContactChange.LEFT),
    ],
)
def test_every_change_of_a_customer_has_its_name(change, meant):
    told = read(contact(change))
    assert (told.change, told.userid, told.external_userid, told.welcome_code) == (meant, "lisi", "wo1", "")


@pytest.mark.parametrize("reason", ["customer_refused", "customer_limit_exceed"])
def test_a_transfer_that_failed_says_why(reason):
    told = read(contact("transfer_fail", f"<FailReason>{reason}</FailReason>"))
    assert (told.change, told.reason) == (ContactChange.TRANSFER_FAILED, reason)


@pytest.mark.parametrize(
    ("detail", "meant"),
    [
        ("add_member", ChatDetail.MEMBER_ADDED),
        ("del_member", ChatDetail.MEMBER_LEFT),
        ("change_owner", ChatDetail.OWNER),
        ("change_name", ChatDetail.NAME),
        ("change_notice", ChatDetail.NOTICE),
        ("change_colour", None),
    ],
)
def test_every_change_of_a_group_has_its_name(detail, meant):
    told = read(
        chat("update", f"<UpdateDetail>{detail}</UpdateDetail><JoinScene>1</JoinScene><QuitScene>0</QuitScene>")
    )
    assert (type(told), told.change, told.detail, told.chat_id) == (ChatEvent, ChatChange.UPDATED, meant, "wr1")
    assert (told.join_scene, told.quit_scene, told.member_count, told.members) == ("1", "0", None, ())


@pytest.mark.parametrize(("change", "meant"), [("create", ChatChange.CREATED), ("dismiss", ChatChange.DISMISSED)])
def test_a_group_begins_and_ends(change, meant):
    told = read(chat(change))
    assert (told.change, told.detail, told.chat_id, told.member_count) == (meant, None, "wr1", None)


@pytest.mark.parametrize("written", ["<Item>wo1</Item><Item> wo2 </Item>", "<![CDATA[wo1,wo2]]>", "wo1, wo2,"])
def test_members_who_came_are_read_in_either_way_of_writing_them(written):
    told = read(chat("update", f"<MemChangeCnt>2</MemChangeCnt><MemChangeList>{written}</MemChangeList>"))
    assert (told.member_count, told.members) == (2, ("wo1", "wo2"))


def test_what_this_version_does_not_know_is_told_as_it_is():
    for event, change in (("change_external_contact", "msg_audit_approved"), ("change_external_tag", "shuffle")):
        told = read(letter(event, change))
        assert (type(told), told.kind, told.at) == (Event, ("event", event, change), AT)


@pytest.mark.parametrize("at", ["", "soon", "-1", "1" * 11, "１"])
def test_an_event_without_a_time_is_refused(at):
    assert rejected(lambda: read(contact("del_follow_user", at=at))) == "callback.time"


def test_an_event_that_comes_again_has_the_same_key_and_no_other_has():
    """Also those that come from the same sender in the same second."""
    others = [
        contact("del_follow_user"),
        contact("del_external_contact"),
        contact("del_follow_user", at=1403610514),
        contact("del_follow_user", sender="lisi"),
        contact("del_follow_user").replace(b"wo1", b"wo2"),
        contact("del_follow_user").replace(b"lisi", b"lis"),
        contact("del_follow_user").replace(b"lisi", b"lisiwo").replace(b"[wo1", b"[1"),
        contact("del_follow_user").replace(CORP.encode(), b"ww2"),
        chat("update"),
        chat("update", "<UpdateDetail>add_member</UpdateDetail>"),
        chat("update", "<UpdateDetail>del_member</UpdateDetail>"),
        chat("update", "<UpdateDetail>add_member</UpdateDetail><CurMemVer>1</CurMemVer>"),
        chat("update", "<UpdateDetail>add_member</UpdateDetail><MemChangeList><Item>wo1</Item></MemChangeList>"),
        chat("update", "<UpdateDetail>add_member</UpdateDetail><MemChangeList><Item>wo2</Item></MemChangeList>"),
        letter("x", "y", "<MsgId>1</MsgId>"),
        letter("x", "y", "<MsgId>2</MsgId>"),
    ]
    keys = [read(one).key for one in others]
    assert len(set(keys)) == len(others)
    assert [read(one).key for one in others] == keys
    assert not any("wo1" in key or "lisi" in key for key in keys)


def test_a_message_with_an_id_is_known_by_it_alone():
    first, again = letter("x", "y", "<MsgId>1</MsgId>"), letter("x", "y", "<MsgId>1</MsgId>", at=1403610599)
    assert read(first).key == read(again).key


def test_what_came_can_be_kept_before_it_is_read():
    query, body = posted(b"\xff\x00 no xml at all")
    assert HERE.letter(query, body) == b"\xff\x00 no xml at all"
    assert rejected(lambda: HERE.event(query, body)) == "callback.xml"
