"""勿扰名单, through the frame: counted, listed, stopped by hand and by list, taken back, within one's right and units."""

import io
import re
from datetime import timedelta

import pytest

from core.scope import SYSTEM
from core.store import suppression_entries, suppressions
from core.store.suppression_entries import Asked
from dashboard import i18n
from dashboard.actions import exports
from dashboard.data import suppressions as data
from dashboard.data.ground import Ground
from dashboard.web import wiring
from dashboard.widgets.suppressions import every
from tests.dashboard.pages.conftest import go, said
from tests.dashboard.pages.parts import html
from tests.dashboard.pages.shop import fill
from tests.dashboard.pages.test_rules import button, table

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


@pytest.fixture
def home(store):
    return fill(units=True)


def stop(home, member, kind="manual", channel="sms", place=0, **more):
    at = wiring.now() - timedelta(minutes=place)
    with home.store.transaction() as session:
        suppressions.add(session, kind, channel=channel, purpose=None, member_id=member, by="lin", now=at, **more)


@pytest.fixture
def page(opened):
    """The page as one person sees it, opened anew each time."""
    tests = {}

    def call(role="compliance", language="zh", units=None, **query):
        if role not in tests:
            tests[role] = opened("catalog", role, language, units=units)
        test = tests[role]
        for key in (every.STATE, every.KIND, every.CHANNEL):
            if key in test.session_state:
                del test.session_state[key]
        if every.WHO in test.session_state:
            test.session_state[every.WHO] = query.get(every.WHO, "")
        for key in list(test.query_params):
            del test.query_params[key]
        for name, value in query.items():
            test.query_params[name] = value
        return go(test, "suppressions")

    return call


def opens(test, box):
    test.session_state[box] = True
    return test.run()


def field(test, key):
    kinds = (test.text_input, test.selectbox, test.date_input)
    return next(one for kind in kinds for one in kind if one.key == key)


def standing(home, *, is_lifted=False):
    with home.store.reading() as session:
        return [(one.member_id, one.kind, one.channel) for one in suppression_entries.every(session, Asked(is_lifted))]


@LANGUAGES
def test_nobody_and_then_somebody_are_told_and_counted(page, home, language):
    i18n_t = lambda key: i18n.catalogue(language)[key]  # noqa: E731
    test = page(language=language)
    assert i18n_t("suppressions.nobody") in said(test) and not test.exception
    stop(home, 1, "unsubscribed", reason="reply")
    stop(home, 2, "bounced", "email", 1)
    stop(home, 3, "bounced", None, 2)
    test = page(language=language)
    counts = table(test, "suppression-counts")
    assert [row[-1] for row in counts] == ["1", "1", "1", "3"]
    rows = table(test, "suppression-rows")
    assert [row[2] for row in rows][1:] == [i18n_t("suppressions.kind_bounced")] * 2
    assert i18n_t("suppressions.why_reply") in rows[0][2]
    assert rows[0][1].startswith(i18n_t("campaigns.channel_sms")[:2])


def test_a_figure_opens_its_people_and_a_member_is_found_by_number(page, home):
    for number in range(1, 4):
        stop(home, number, "bounced" if number == 2 else "manual", place=number)
    test = page(sp_kind="bounced", sp_channel="sms")
    assert len(table(test, "suppression-rows")) == 1
    assert len(table(page(sp_who="3"), "suppression-rows")) == 1
    test = page(sp_who="M-NOBODY")
    assert table(test, "suppression-rows") == [] and "没有符合条件" in said(test)
    assert re.search(r'href="\?[^"]*sp_kind=bounced&amp;sp_channel=sms"', html(page()))


def test_the_list_is_turned_over_a_page_at_a_time(page, home):
    for number in range(every.ROWS + 1):
        stop(home, number % 40 + 1, channel=("sms", "email")[number // 40], place=number)
    test = page()
    assert len(table(test, "suppression-rows")) == every.ROWS
    assert f"第 1 – {every.ROWS} 条，共 {every.ROWS + 1} 条" in said(test)


def test_those_limited_to_units_see_and_stop_their_own_people_alone(page, home):
    stop(home, 1)
    stop(home, 20, place=1)
    test = page(units=["east"])
    assert len(table(test, "suppression-rows")) == 1
    test = opens(page(units=["east"]), "sp_add")
    field(test, "sp_add_who").set_value("21")
    field(test, "sp_add_reason").set_value("came to the shop")
    test = button(test, "sp_add_do").click().run()
    assert "21" in "".join(one.value for one in test.error)
    assert len(standing(home)) == 2


@LANGUAGES
def test_a_member_is_stopped_by_hand(page, home, language):
    test = opens(page(language=language), "sp_add")
    field(test, "sp_add_who").set_value("7")
    field(test, "sp_add_kind").set_value("complained")
    field(test, "sp_add_channel").set_value("sms")
    test = button(test, "sp_add_do").click().run()
    assert standing(home) == [] and len(test.error) == 1  # no reason
    test = opens(page(language=language), "sp_add")
    field(test, "sp_add_who").set_value("7")
    field(test, "sp_add_kind").set_value("complained")
    field(test, "sp_add_channel").set_value("sms")
    field(test, "sp_add_reason").set_value("hotline, 20 Nov")
    test = button(test, "sp_add_do").click().run()
    assert not test.exception and len(test.success) == 1
    assert standing(home) == [(7, "complained", "sms")]


def test_those_without_the_right_see_the_list_and_no_button(page, home):
    stop(home, 1)
    test = page("manager")
    assert len(table(test, "suppression-rows")) == 1
    assert len(test.get("popover")) == len(page("compliance").get("popover")) - 2
    (one,) = [one.suppression_id for one in entries(home)]
    test = page("manager", sp=str(one))
    assert "suppression-one" in html(test)
    assert len(test.get("popover")) == len(page("compliance", sp=str(one)).get("popover")) - 1


def entries(home):
    with home.store.reading() as session:
        return list(suppression_entries.every(session, Asked()))


def test_a_refusal_is_taken_back_with_a_new_consent_alone(page, home):
    stop(home, 5, "unsubscribed")
    number = entries(home)[0].suppression_id
    prefix = f"sp_lift_{number}"

    def lift(how):
        test = opens(page(sp=str(number)), "sp_lift")
        field(test, f"{prefix}_reason").set_value("came to the shop")
        if how:
            field(test, f"{prefix}_on").set_value(data.days(entries(home)[0])[1])
            field(test, f"{prefix}_how").set_value(how)
        return button(test, "sp_lift_do").click().run()

    assert "新的同意" in lift("").error[0].value
    assert standing(home) == [(5, "unsubscribed", "sms")]
    test = lift("form 12")
    assert not test.exception and not test.error
    assert standing(home) == [] and standing(home, is_lifted=True) == [(5, "unsubscribed", "sms")]
    assert "form 12" in said(page(sp=str(number)))


def test_what_is_no_refusal_is_taken_back_for_a_reason(page, home):
    stop(home, 5, "bounced")
    number = entries(home)[0].suppression_id
    test = opens(page(sp=str(number)), "sp_lift")
    assert not test.date_input
    field(test, f"sp_lift_{number}_reason").set_value("the address was mended")
    button(test, "sp_lift_do").click().run()
    assert standing(home) == []


def test_a_file_stops_those_it_names_and_lists_the_other_lines(page, home):
    test = opens(page(), "sp_import")
    content = "member\n7\n8\n7\n900\n"
    test.file_uploader[0].set_value([("list.csv", content.encode(), "text/csv")]).run()
    field(test, "sp_of").set_value("member").run()
    test = button(test, "sp_check").click().run()
    assert not test.exception
    assert "认出 2 位会员，重复 1 行，认不出 1 行" in said(test)
    missed = test.dataframe[0].value
    assert missed.iloc[0, :2].tolist() == [5, "900"]
    field(test, "sp_import_reason").set_value("list of the hotline")
    test = button(test, "sp_import_do").click().run()
    assert not test.error
    assert sorted(standing(home)) == [(7, "unsubscribed", None), (8, "unsubscribed", None)]


def test_an_address_that_names_no_entry_is_told_as_unread(page, home):
    test = page(sp="77")
    assert not test.exception and "sp" not in test.query_params


def test_an_export_holds_the_whole_list(home):
    for number in range(1, every.ROWS + 5):
        stop(home, number if number <= 40 else number - 40, channel="sms" if number <= 40 else "email", place=number)
    ground = Ground(SYSTEM, home, home.lake.manifests.latest().version, "k")
    frame, rows = data.table(ground, None, None, None, is_lifted=False)
    assert len(frame) == len(rows) == every.ROWS + 4
    assert frame["number"].tolist() == [str(one.member_id) for one in rows]
    text = exports.as_csv(frame).decode("utf-8-sig")
    assert len(list(io.StringIO(text))) == every.ROWS + 5


@LANGUAGES
def test_the_file_of_a_member_tells_what_stands_and_that_no_message_goes(opened, home, language):
    texts = i18n.catalogue(language)
    test = opened("catalog", "compliance", language)
    test.query_params["m"], test.query_params["look"] = "3", "reach"
    assert texts["suppressions.at_member_none"] in said(go(test, "member"))
    stop(home, 3, "unsubscribed", "sms", reason="reply")
    told = said(test.run())
    assert not test.exception
    assert texts["suppressions.at_member_none"] not in told
    assert texts["suppressions.why_reply"] in told
    gate = re.search(r'<li id="gate-sms".*?</li>', html(test), re.S)[0]
    assert (
        texts["member.gate_suppression"] in gate.split("<details>")[0]
        and texts["suppressions.kind_unsubscribed"] in gate
    )
    assert 'href="/suppressions?sp_who=3"' in html(test)
