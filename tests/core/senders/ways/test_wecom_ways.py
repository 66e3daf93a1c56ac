"""Mass messages as ways out, through a WeCom of our own: one task for many, and who of them is left out."""

from datetime import UTC, datetime

import pytest

from core.senders.outcomes import Halted, Unfit
from core.senders.parcels import Parcel
from core.senders.posting import Poster
from core.senders.sender import Gone, Permanent, Uncertain
from core.senders.ways.wecom import WecomGroup, WecomSingle
from core.senders.wecom.calls import Calls
from core.senders.wecom.errors import EmployeeRefused, Nobody
from core.senders.wecom.tokens import App, Tokens
from core.senders.wecom.windows import Windows
from tests.fakes.wecom import ADD, CORP, SECRET, working

NOW = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
POSTER = Poster({"127.0.0.1"})


@pytest.fixture
def corp():
    with working(NOW) as corp:
        corp.customers = {"wo1": ["ZhangSan", "lisi"], "wo2": ["ZhangSan"], "wo3": []}
        corp.owners = {"wr1": "lisi", "wr2": "lisi", "wr3": "ZhangSan"}
        yield corp


def calls(corp, secret=SECRET):
    windows = Windows()
    return Calls(App(CORP, secret), POSTER, Tokens(POSTER, windows, corp.base), windows, corp.base)


def parcel(address, **more):
    return Parcel(f"c1-{address}", address, **{"text": "周末上新", **more})


def told(fates):
    return [(one.message_id, one.state, one.provider_id, one.trouble and (type(one.trouble), one.trouble.code)) for one in fates]  # fmt: skip


def test_many_customers_share_one_task_and_only_who_is_left_out_is_refused(corp):
    fates = WecomSingle(calls(corp)).send([parcel("wo1"), parcel("wo3"), parcel("wo2")], NOW)
    assert told(fates) == [
        ("c1-wo1", "accepted", "msg2", None),
        ("c1-wo3", None, None, (Gone, "wecom.failed")),
        ("c1-wo2", "accepted", "msg2", None),
    ]
    assert corp.masses["msg2"].asked == {"lisi": ["wo1"], "ZhangSan": ["wo2"]}


def test_whoever_an_employee_is_not_in_touch_with_may_still_be_reached_by_another(corp):
    fates = WecomSingle(calls(corp)).send([parcel("wo1", sender="lisi"), parcel("wo2", sender="lisi")], NOW)
    assert told(fates)[1][3] == (Permanent, "wecom.failed")
    assert corp.masses["msg2"].asked == {"lisi": ["wo1"]}


def test_an_address_that_can_be_no_customer_is_gone_and_the_others_are_written_to(corp):
    fates = WecomSingle(calls(corp)).send([parcel("wo 1"), parcel("wo1")], NOW)
    assert told(fates) == [("c1-wo 1", None, None, (Gone, "wecom.identity")), ("c1-wo1", "accepted", "msg2", None)]


def test_of_addresses_that_are_all_none_nobody_is_asked(corp):
    assert told(WecomSingle(calls(corp)).send([parcel("")], NOW)) == [("c1-", None, None, (Gone, "wecom.identity"))]
    assert not corp.calls


def test_an_address_of_two_parcels_is_asked_for_once(corp):
    fates = WecomSingle(calls(corp)).send([parcel("wo1"), Parcel("c1-9", "wo1", "周末上新")], NOW)
    assert [one.provider_id for one in fates] == ["msg2", "msg2"]
    assert corp.masses["msg2"].body["external_userid"] == ["wo1"]


def test_a_link_with_a_title_is_a_card_and_one_without_a_line(corp):
    way = WecomSingle(calls(corp))
    card = {
        "link": "https://s.example/c/1",
        "link_title": "新品",
        "link_text": "八折",
        "picture": "https://p.example/1.png",
    }
    way.send([parcel("wo1", **card)], NOW)
    way.send([parcel("wo1", link="https://s.example/c/1", picture="https://p.example/1.png")], NOW)
    way.send([parcel("wo1", text="看 https://s.example/c/1", link="https://s.example/c/1")], NOW)
    bodies = [mass.body for mass in corp.masses.values()]
    assert [body["text"]["content"] for body in bodies] == ["周末上新", "周末上新\nhttps://s.example/c/1", "看 https://s.example/c/1"]  # fmt: skip
    assert [body.get("attachments") for body in bodies] == [
        [{"msgtype": "link", "link": {"title": "新品", "url": "https://s.example/c/1", "desc": "八折", "picurl": "https://p.example/1.png"}}],
        [{"msgtype": "image", "image": {"pic_url": "https://p.example/1.png"}}],
        None,
    ]  # fmt: skip


def test_one_whom_wecom_does_not_know_is_found_among_many_and_the_rest_are_asked_for(corp):
    corp.errcodes = {ADD: [40096, 40096, 40096]}  # all four, two of them, one of them
    corp.customers |= {"wo4": ["lisi"], "wo5": ["lisi"]}
    fates = WecomSingle(calls(corp)).send([parcel(one) for one in ("wo1", "wo2", "wo4", "wo5")], NOW)
    assert told(fates)[0][3] == (Gone, "wecom.40096")
    assert [one.state for one in fates[1:]] == ["accepted"] * 3
    assert sorted(who for mass in corp.masses.values() for some in mass.asked.values() for who in some) == ["wo2", "wo4", "wo5"]  # fmt: skip


@pytest.mark.parametrize(
    ("errcode", "kind"), [(48002, Halted), (41065, Unfit), (41048, Nobody), (60111, EmployeeRefused)]
)
def test_what_is_the_same_of_all_is_raised(corp, errcode, kind):
    corp.errcodes = {ADD: [errcode]}
    with pytest.raises(kind) as error:
        WecomSingle(calls(corp)).send([parcel("wo1"), parcel("wo2")], NOW)
    assert error.value.code == f"wecom.{errcode}"


def test_a_lost_answer_is_uncertain_of_all_and_the_task_may_stand(corp):
    corp.loses[ADD] = 1
    with pytest.raises(Uncertain):
        WecomSingle(calls(corp)).send([parcel("wo1"), parcel("wo2")], NOW)
    assert len(corp.masses) == 1


def test_a_text_too_long_is_refused_before_anybody_is_asked(corp):
    with pytest.raises(Permanent) as error:
        WecomSingle(calls(corp)).send([parcel("wo1", text="长" * 1334)], NOW)
    assert (type(error.value), error.value.code) == (Permanent, "wecom.long")
    assert not corp.calls


def test_group_chats_are_written_to_by_their_owner(corp):
    some = [parcel("wr1", sender="lisi"), parcel("wr3", sender="lisi"), parcel("wr2", sender="lisi")]
    fates = WecomGroup(calls(corp)).send(some, NOW)
    assert told(fates) == [
        ("c1-wr1", "accepted", "msg2", None),
        ("c1-wr3", None, None, (Permanent, "wecom.failed")),
        ("c1-wr2", "accepted", "msg2", None),
    ]
    assert corp.masses["msg2"].asked == {"lisi": ["wr1", "wr2"]}


def test_a_chat_without_an_owner_is_refused_by_itself(corp):
    fates = WecomGroup(calls(corp)).send([parcel("wr1"), parcel("wr2", sender="lisi")], NOW)
    assert told(fates) == [
        ("c1-wr1", None, None, (Permanent, "wecom.sender")),
        ("c1-wr2", "accepted", "msg2", None),
    ]
    with pytest.raises(EmployeeRefused):
        WecomGroup(calls(corp)).send([parcel("wr2", sender="no such")], NOW)


def test_as_many_as_wecom_takes_go_in_one_call(corp):
    many = [f"wo{number}" for number in range(WecomSingle.most_at_once)]
    corp.customers = {one: ["lisi"] for one in many}
    fates = WecomSingle(calls(corp)).send([parcel(one) for one in many], NOW)
    assert (len(corp.masses), {one.state for one in fates}) == (1, {"accepted"})
