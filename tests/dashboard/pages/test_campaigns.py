"""活动, through the frame: the list and its scope, a draft that is begun, filled in step by step, checked and handed in, what somebody else saved, and what stops sending."""

from datetime import UTC, datetime, timedelta

import pytest

from core.campaigns.body import Body, Content, Offer, Schedule, Variant, parse, to_json
from core.campaigns.compliance import Sender
from core.scope import Operator, Scope
from core.store import campaigns as rows
from core.store import connectors, outbox
from core.work import segments
from core.work.campaigns import drafts, policy, review, stopping
from core.work.campaigns.policy import Policy
from dashboard.web import wiring
from tests import lakes
from tests.core.work import connector_parts
from tests.dashboard.pages.conftest import choose, current, go, options, said, title

LIN = Operator(91, "lin", "manager")
QIN = Operator(92, "qin", "admin")
BOSS = Operator(92, "boss", "admin")
NORTH = Operator(93, "north", "manager", Scope(frozenset({"north"})))
TEXT = "茶里提醒您：{{tier|会员}}，老朋友专享。不想再收到请回复T"


def now():
    return datetime.now(UTC)


def home():
    return wiring.house().live


def fill():
    """Two units, a group chat in each, members 1 to 6, of whom 4 to 6 are of the north."""
    made = home()
    with made.writer.change("import", 1) as change:
        units = [{"unit_id": "north", "name": "North"}, {"unit_id": "south", "name": "South"}]
        change.merge("units", lakes.rows("units", units))
        groups = [{"group_id": f"g-{one}", "name": f"Tea {one}", "unit_id": one} for one in ("north", "south")]
        change.merge("groups", lakes.rows("groups", groups))
        profiles = [
            {"identity_key": who, "unit_id": "north" if who > 3 else "south", "city": "上海"} for who in range(1, 7)
        ]
        change.merge("events", lakes.rows("events", [lakes.event(1, "2026-11-10 02:00")]))
        change.merge("member_profiles", lakes.rows("member_profiles", profiles))
    lakes.members(made, {who: who for who in range(1, 7)})
    return made


def segment(name="Tea friends", who=BOSS):
    tree = {"v": 1, "where": {"profile": "city", "op": "is", "values": ["上海"]}}
    return segments.save_live(home(), wiring.accounts_store(), who, name, tree, now=now()).id


def whole(segment_id, **values):
    usual = {
        "goal": "repeat", "segments": (segment_id,), "channels": ("wecom",), "holdout": 0.0, "variants": (Variant("A", 1, {"wecom": Content(TEXT)}),),
    }  # fmt: skip
    return Body(**usual | values)


def begin(body=None, who=LIN, name="Tea for friends"):
    number = drafts.create(home(), wiring.accounts_store(), who, name, now=now())
    if body is not None:
        save(number, body, who)
    return number


def save(number, body, who=LIN):
    return drafts.save(home(), wiring.accounts_store(), who, number, to_json(body), revision=row(number).revision, now=now())  # fmt: skip


def row(number):
    with home().store.reading() as session:
        return rows.one(session, number)


def kept(number):
    return parse(row(number).body)


def log(number):
    with home().store.reading() as session:
        return [one.action for one in rows.log(session, number)]


def page(opened, number=None, step=None, role="manager", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    told = ({} if number is None else {"campaign": str(number)}) | ({} if step is None else {"step": step}) | query
    for name, value in told.items():
        test.query_params[name] = value
    return go(test, "campaigns")


def at(test, number=None, step=None, **query):
    """Another address of the page."""
    for key in list(test.query_params):
        del test.query_params[key]
    told = ({} if number is None else {"campaign": str(number)}) | ({} if step is None else {"step": step}) | query
    for name, value in told.items():
        test.query_params[name] = value
    return test.run()


def address(test, name):
    found = test.query_params[name]
    return found[0] if isinstance(found, list) else found


def widgets(test):
    kinds = (
        test.text_input, test.text_area, test.selectbox, test.multiselect, test.number_input, test.date_input, test.time_input, test.radio,
    )  # fmt: skip
    return [one for kind in kinds for one in kind if one.key]


def field(test, name):
    found = [one for one in widgets(test) if one.key.endswith(f"_{name}")]
    assert len(found) == 1, (name, [one.key for one in widgets(test)])
    return found[0]


def put(test, name, value):
    """What somebody says in a field, which is kept at once."""
    field(test, name).set_value(value)
    return test.run()


def press(test, name):
    found = [one for one in test.button if one.key and one.key.endswith(name)]
    assert len(found) == 1, (name, [one.key for one in test.button])
    return found[0].click().run()


def faultless(test):
    assert not test.exception, test.exception[0].message
    assert not test.error, [one.value for one in test.error]
    return test


# -- the list ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "name", "taught"), [("zh", "活动", "第二个人批准"), ("en", "Campaigns", "a second person approves")])  # fmt: skip
def test_without_a_campaign_the_page_teaches_what_one_is(opened, language, name, taught):
    test = faultless(page(opened, language=language))
    assert title(test) == name and taught in said(test)


def test_each_campaign_is_listed_with_what_it_waits_for(opened):
    fill()
    group = segment()
    begin(name="Bare")
    begin(whole(group, goal=None, variants=(Variant("A", 1, {"wecom": Content("茶里新茶")}),)), name="Two things")
    handed = begin(whole(group), name="Handed")
    review.hand_in(home(), home().store, LIN, handed, revision=row(handed).revision, sender=Sender(), now=now())
    told = said(faultless(page(opened)))
    assert "lin 继续填写：还缺 3 项" in told and "lin 继续填写：还缺 2 项" in told
    assert "另一位有权限的人审批" in told and "Tea friends" in told and "企业微信（一对一）" in told


def test_one_that_is_through_waits_while_nobody_knows_the_end_of_a_message_and_one_under_way_while_sending_is_stopped(
    opened,
):
    fill()
    through, going = begin(name="Through"), begin(name="Going")
    with home().store.transaction() as session:
        for number, state in ((through, "completed"), (going, "sending")):
            rows.move(session, number, before="draft", state="sending", now=now())
            if state == "completed":
                rows.move(session, number, before="sending", state=state, now=now())
        outbox.plan(session, through, [{"member_id": n, "channel": "sms", "state": "unknown"} for n in (1, 2)], now())
    stopping.stop(home(), home().store, QIN, "all", "", "Wrong price", now=now())
    told = said(faultless(page(opened)))
    assert "有人判断 2 条不知是否送达的消息" in told and "有人解除停止发送" in told


def test_the_list_is_cut_by_state_and_by_words_that_stay_in_the_address(opened):
    begin(name="Autumn tea")
    given_up = begin(name="Spring tea")
    drafts.discard(home(), home().store, LIN, given_up, now=now())
    test = page(opened)
    shown = [one for one in options(test) if one[-1].isdigit()]
    assert shown == ["全部 2", "草稿 1", "待审批 0", "进行中 0", "已结束 1"]
    test = choose(test, "已结束 1")
    assert "Spring tea" in said(test) and "Autumn tea" not in said(test)
    test = choose(test, "全部 2")
    test = test.text_input(key="q").set_value("autumn").run()
    assert "Autumn tea" in said(test) and "Spring tea" not in said(test)
    assert address(test, "q") == "autumn"
    test = test.text_input(key="q").set_value("nothing like it").run()
    assert "没有符合条件的活动" in said(test)


def test_who_sees_one_unit_sees_its_campaigns_alone(opened):
    fill()
    theirs = begin(name="Of the whole house")
    own = begin(name="Of the north", who=NORTH)
    test = page(opened, units=["north"])
    assert "Of the north" in said(test) and "Of the whole house" not in said(test)
    test = at(test, theirs)
    assert "Of the whole house" not in said(test)
    assert "Of the north" in said(at(test, own))


@pytest.mark.parametrize("role", ["executive", "analyst", "compliance"])
def test_who_may_not_write_reads_every_step(opened, role):
    fill()
    number = begin(whole(segment(), offer=Offer("TEA20", "Tea", 2000)))
    test = page(opened, role=role)
    assert "cp_new" not in [one.key for one in test.button]
    for step in ("goal", "audience", "content", "offer", "schedule", "check"):
        test = faultless(at(test, number, step))
        fields = [one for one in widgets(test) if one.key.startswith(f"cp_{number}_")]
        assert all(one.disabled for one in fields) and (fields or step == "check"), step
        pressed = [one.key for one in test.button if one.key and one.key.startswith("cp_") and not one.disabled]
        assert pressed == [], step
    assert log(number) == ["created", "changed"]


# -- a new one ---------------------------------------------------------------------------------------------------------


def test_a_campaign_is_begun_for_a_segment_that_a_link_names(opened):
    fill()
    group = segment()
    test = page(opened, new="1", segment=str(group))
    assert field(test, f"segment_{group}").value == group
    field(test, "new_name").set_value("Autumn tea")
    test = faultless(press(test, "cp_new_do"))
    with home().store.reading() as session:
        made = rows.listed(session)
    assert [(one.name, parse(one.body).segments) for one in made] == [("Autumn tea", (group,))]
    assert address(test, "campaign") == str(made[0].id) and "new" not in test.query_params


def test_a_segment_leads_to_a_new_campaign_for_its_people(opened):
    fill()
    group = segment()
    test = opened("catalog", "manager")
    test.query_params["part"], test.query_params["sg"] = "list", str(group)
    test = go(test, "segments")
    assert f'href="/campaigns?new=1&amp;segment={group}"' in "".join(part.value for part in test.html)


# -- steps -------------------------------------------------------------------------------------------------------------


def test_each_field_is_kept_when_it_is_left(opened):
    fill()
    number, group = begin(), segment()
    test = faultless(page(opened, number, "goal"))
    test = put(test, "goal", "win_back")
    test = put(test, "metric", "event")
    test = put(test, "event", "page_view")
    test = put(test, "window_days", 14)
    test = put(test, "name", "  Autumn   tea ")
    test = at(test, number, "audience")
    test = put(test, "channels", ["sms", "wecom"])
    test = put(test, "segments", [group])
    test = put(test, "mode", "each")
    test = put(test, "holdout", 12.5)
    test = at(test, number, "offer")
    test = press(test, "cp_offer")
    test = put(test, "offer_name", "20 off")
    test = put(test, "offer_face_minor", 20.5)
    test = put(test, "offer_codes", "shared")
    test = put(test, "offer_code", "TEA20")
    test = at(test, number, "schedule")
    test = put(test, "schedule_when", "at")
    test = put(test, "schedule_at_on", datetime(2030, 5, 6).date())
    test = put(test, "schedule_per_minute", 600)
    test = faultless(put(test, "schedule_quiet", "skip"))
    body = kept(number)
    assert (body.goal, body.metric, body.event, body.window_days, row(number).name) == (
        "win_back", "event", "page_view", 14, "Autumn tea",
    )  # fmt: skip
    assert (body.channels, body.segments, body.mode, body.holdout) == (("sms", "wecom"), (group,), "each", 0.125)
    assert body.offer == Offer("", "20 off", 2050, "shared", "TEA20")
    assert body.schedule == Schedule("at", datetime(2030, 5, 6, 2, tzinfo=UTC), 600, None, "skip")
    assert row(number).changed_by == "manager1"
    test = put(test, "schedule_when", "now")
    assert kept(number).schedule.at is None


def test_what_was_kept_is_there_in_a_new_window(opened):
    number = begin()
    test = page(opened, number, "goal")
    put(test, "note", "Two weeks before the holiday")
    assert field(page(opened, number, "goal", role="admin"), "note").value == "Two weeks before the holiday"


def test_a_refused_value_is_told_and_stays_to_be_mended(opened):
    number = begin()
    test = put(page(opened, number, "goal"), "name", "   ")
    assert "不能这样填" in test.error[0].value
    assert row(number).name == "Tea for friends"


def test_texts_are_kept_by_variant_and_channel_and_measured(opened):
    fill()
    number = begin(whole(segment(), variants=(Variant("A"),), channels=("wecom", "sms")))
    test = faultless(page(opened, number, "content"))
    assert "未填写" in said(test)
    test = put(test, "wecom_text", "茶里：{{nickname|亲}}")
    test = put(test, "sms_template", "SMS_1")
    assert kept(number).variants[0].contents["wecom"].text == "茶里：{{nickname|亲}}"
    assert kept(number).variants[0].contents["sms"].template == "SMS_1"
    assert "小满" in said(test) and "15 / 4,000 字节" in said(test)
    test.radio(key="cp_preview_wecom").set_value("unknown")
    test = test.run()
    assert "茶里：亲" in said(test) and "缺少：昵称" in said(test)
    test = put(test, "wecom_text", "{{nickname|亲}}，{{city}}")
    assert "个人字段缺少备用文字（{{city}}）" in said(test)
    assert "有的文字写得不对" in said(test) and "没有发现问题" not in said(test)
    test = put(test, "wecom_text", "茶" * 1334)
    assert "4,002 / 4,000 字节" in said(test) and "太长了" in said(test)


def test_a_message_is_read_as_real_members_of_the_audience_read_it(opened):
    fill()
    text = "茶里：{{city|您那里}}，{{last_product|新茶}}"
    number = begin(whole(segment(), variants=(Variant("A", 1, {"wecom": Content(text)}),)))
    test = faultless(page(opened, number, "content"))
    shown = test.radio(key="cp_preview_wecom")
    assert [one for one in shown.options if one.startswith("M-")] != []
    shown.set_value("6")
    test = faultless(test.run())
    assert "茶里：上海，新茶" in said(test) and "缺少：上次买的商品" in said(test)


def test_who_may_not_see_people_reads_examples_alone(opened):
    fill()
    number = begin(whole(segment()))
    test = faultless(page(opened, number, "content", role="executive"))
    assert [one for one in test.radio(key="cp_preview_wecom").options if one.startswith("M-")] == []


def test_a_personal_field_is_put_at_the_end_of_the_text(opened):
    fill()
    number = begin(whole(segment()))
    test = page(opened, number, "content")
    test.session_state["cp_insert_wecom"] = True
    test = faultless(test.run())
    test.selectbox(key="cp_insert_wecom_field").set_value("points")
    test.text_input(key="cp_insert_wecom_default").set_value("若干")
    test = faultless(press(test, "cp_insert_wecom_do"))
    assert kept(number).variants[0].contents["wecom"].text == f"{TEXT}{{{{points|若干}}}}"
    assert field(test, "wecom_text").value.endswith("{{points|若干}}")


def test_variants_are_added_copied_weighed_and_removed(opened):
    fill()
    number = begin(whole(segment()))
    test = press(page(opened, number, "content"), "cp_variant_copy")
    assert [(one.name, one.contents["wecom"].text) for one in kept(number).variants] == [("A", TEXT), ("B", TEXT)]
    assert "版本 B · 50%" in current(test)
    test = put(test, "variants_1_weight", 3)
    assert "版本 B · 75%" in current(test)
    test = press(test, "cp_variant_add")
    assert [one.name for one in kept(number).variants] == ["A", "B", "C"]
    test = press(test, "cp_variant_remove")
    test = faultless(press(test, "cp_variant_remove"))
    assert [one.name for one in kept(number).variants] == ["A"]


def test_values_of_a_template_are_named_filled_and_removed(opened):
    fill()
    number = begin(whole(segment(), channels=("sms",), variants=(Variant("A"),)))
    test = page(opened, number, "content")
    test.text_input(key="cp_value_new_sms").set_value("name")
    test = press(test, "cp_value_new_sms_do")
    test = put(test, "values_name", "{{nickname|亲}}")
    assert dict(kept(number).variants[0].contents["sms"].values) == {"name": "{{nickname|亲}}"}
    faultless(press(test, "cp_value_drop_sms_name"))
    assert dict(kept(number).variants[0].contents["sms"].values) == {}


def test_a_finding_marks_its_words_and_is_let_pass_with_a_reason_where_one_is_enough(opened):
    fill()
    number = begin(whole(segment(), variants=(Variant("A", 1, {"wecom": Content("茶里 国家级 好茶")}),)))
    test = page(opened, number, "content")
    html = "".join(part.value for part in test.html)
    assert "<mark>国家级</mark>" in html and "缺少退订方式" in html
    held = [one for one in widgets(test) if "_reasons_" in one.key]
    assert held and all(not one.value for one in held)
    opt_out = next(one for one in held if one.key.endswith("must.opt_out"))
    opt_out.set_value("成员可以删除好友")
    test = faultless(test.run())
    assert dict(kept(number).reasons) == {"must.opt_out": "成员可以删除好友"} and "已写理由" in said(test)
    field(test, "must.opt_out").set_value("  ")
    test.run()
    assert dict(kept(number).reasons) == {}


def test_a_rule_that_blocks_on_one_channel_and_asks_for_a_reason_on_another_is_told_of_both(opened):
    fill()
    contents = {"wecom": Content("茶里 新茶"), "email": Content("茶里 新茶", title="新茶")}
    number = begin(whole(segment(), channels=("wecom", "email"), variants=(Variant("A", 1, contents),)))
    test = faultless(page(opened, number, "content"))
    assert said(test).count("缺少退订方式") == 2
    assert "营销邮件须有退订链接" in said(test) and "一对一营销消息应告知拒收方式" in said(test)
    assert [one.key.partition("_reasons_")[2] for one in widgets(test) if "_reasons_" in one.key] == ["must.opt_out"]


def test_group_chats_are_chosen_by_name_within_the_reader_s_units(opened):
    fill()
    number = begin(Body(channels=("group_chat",)), who=NORTH)
    test = page(opened, number, "audience", units=["north"])
    assert field(test, "places").options == ["Tea north"]
    faultless(put(test, "places", ["g-north"]))
    assert kept(number).places == ("g-north",)
    test = put(at(test, number, "content"), "group_chat_text", "大家晚安，{{nickname|茶友们}}")
    assert "大家晚安，茶友们" in said(faultless(test)) and "群里每个人看到的样子" in said(test)
    assert not [one for one in test.radio if one.key.startswith("cp_preview")]


# -- somebody else -----------------------------------------------------------------------------------------------------


def test_what_somebody_else_saved_meanwhile_is_shown_and_told(opened):
    number = begin()
    test = page(opened, number, "goal")
    save(number, Body(goal="content"), BOSS)
    test = test.run()
    assert field(test, "goal").value == "content"
    assert "boss 在" in test.warning[0].value and "目标" in test.warning[0].value
    test = press(test, "cp_late_leave")
    assert not test.warning


def test_a_change_that_came_too_late_waits_until_it_is_put_on_top_or_let_go(opened):
    number = begin()
    test = page(opened, number, "goal")
    save(number, Body(goal="content"), BOSS)
    test = put(test, "note", "Mine")
    assert kept(number).note == "" and "Mine" in [one.value for one in test.code]
    test = press(test, "cp_late_again")
    assert (kept(number).goal, kept(number).note) == ("content", "Mine")
    assert field(test, "note").value == "Mine" and not test.warning


def test_a_field_of_ones_own_that_was_still_being_saved_when_the_page_was_left_is_in_nobodys_way(opened):
    number, me = begin(), Operator(7, "manager1", "manager")
    test = page(opened, number, "goal")
    save(number, Body(goal="content"), me)
    test = put(test, "note", "Mine")
    assert not test.warning and (kept(number).goal, kept(number).note) == ("content", "Mine")
    save(number, Body(goal="service", note="Mine"), me)
    test = test.run()
    assert field(test, "goal").value == "service" and not test.warning
    save(number, Body(goal="service", note="Elsewhere"), me)
    test = put(test, "note", "Here")
    assert kept(number).note == "Elsewhere" and test.warning


def test_a_field_that_was_still_open_does_not_void_what_was_handed_in_meanwhile(opened):
    fill()
    number = begin(whole(segment()))
    test = page(opened, number, "goal")
    review.hand_in(home(), home().store, LIN, number, revision=row(number).revision, sender=Sender(), now=now())
    test = put(test, "note", "Too late")
    assert "待审批" in test.error[0].value
    assert (row(number).state, kept(number).note) == ("in_review", "")
    assert field(test, "note").value == "" and field(test, "note").disabled


# -- checked and handed in ---------------------------------------------------------------------------------------------


def test_what_is_missing_is_one_list_that_leads_to_its_steps(opened):
    fill()
    number = begin(whole(segment(), goal=None, variants=(Variant("A"), Variant("B", 1, {"wecom": Content("国家级")}))))
    test = faultless(page(opened, number, "check"))
    html = "".join(part.value for part in test.html)
    assert f'<li><a href="?campaign={number}&amp;step=goal">目标：未填写</a>' in html
    assert "step=content&amp;variant=1" in html and "step=content&amp;variant=2" in html
    assert test.button(key="cp_hand_in").disabled


def test_a_whole_campaign_is_handed_in_taken_back_and_edited_again(opened):
    fill()
    number = begin(whole(segment()))
    test = page(opened, number, "check")
    test = faultless(press(test, "cp_hand_in"))
    assert row(number).state == "in_review" and "等待另一个人批准" in said(test)
    test = at(test, number, "goal")
    assert field(test, "note").disabled
    test = press(test, "cp_edit")
    test = faultless(put(test, "note", "Changed after all"))
    assert (row(number).state, kept(number).note) == ("draft", "Changed after all")
    test = press(at(test, number, "check"), "cp_hand_in")
    test = faultless(press(test, "cp_take_back"))
    assert row(number).state == "draft"
    assert log(number) == ["created", "changed", "handed_in", "voided", "changed", "handed_in", "taken_back"]


def test_why_it_was_sent_back_stands_above_the_form(opened):
    fill()
    number = begin(whole(segment()))
    press(page(opened, number, "check"), "cp_hand_in")
    review.send_back(home(), home().store, BOSS, number, "Say who writes", now=now())
    assert "Say who writes" in page(opened, number, "goal", role="admin").warning[0].value


def test_a_campaign_is_copied_and_given_up(opened):
    fill()
    number = begin(whole(segment()))
    test = page(opened, number, "check")
    test.session_state["cp_copy"] = True
    test = test.run()
    test = faultless(press(test, "cp_copy_do"))
    other = int(address(test, "campaign"))
    assert other != number and kept(other) == kept(number) and row(other).name == "Tea for friends（副本）"
    test = at(test, other, "check")
    test.session_state["cp_discard"] = True
    test = test.run()
    faultless(press(test, "cp_discard_do"))
    assert (row(other).state, row(number).state) == ("cancelled", "draft")


# -- sending as a whole ------------------------------------------------------------------------------------------------


def test_everything_is_stopped_with_a_typed_word_and_let_go_by_who_answers_for_the_house(opened):
    test = page(opened)
    test.session_state["cp_stop"] = True
    test = test.run()
    field(test, "stop_why").set_value("Wrong prices")
    field(test, "stop_word").set_value("stop")
    test = press(test, "cp_stop_do")
    assert "输入" in test.error[0].value and "已停止的发送" not in said(test)
    field(test, "stop_word").set_value("停止")
    test = press(test, "cp_stop_do")
    assert "已停止的发送" in said(test) and "Wrong prices" in said(test) and "manager1" in said(test)
    assert [one.key for one in test.button if "release" in (one.key or "")] == []
    boss = page(opened, role="admin")
    boss.session_state["cp_release_all_"] = True
    boss = boss.run()
    field(boss, "all__why").set_value("Prices are right again")
    boss = faultless(press(boss, "all__do"))
    assert "已停止的发送" not in said(boss)


def test_a_manager_of_some_units_does_not_stop_the_house(opened):
    fill()
    test = page(opened, units=["north"])
    assert "紧急停止" not in said(test)
    stopping.stop(home(), home().store, BOSS, "channel", "sms", "Complaints", now=now())
    assert "渠道：短信" in said(test.run())


# -- rules -------------------------------------------------------------------------------------------------------------


def test_the_house_s_rules_are_read_by_all_and_changed_by_who_sets_up_ways_out(opened):
    test = faultless(page(opened, part="rules"))
    assert "100,000" in said(test) and not [one for one in widgets(test) if one.key.startswith("cp_rules")]
    test = page(opened, role="admin", part="rules")
    field(test, "names").set_value(["茶里"])
    field(test, "alone").set_value(5)
    faultless(press(test, "_do"))
    with home().store.reading() as session:
        assert policy.read(session) == Policy(names=("茶里",), alone=5)


def test_quiet_hours_are_those_of_the_connectors_in_use(opened):
    fill()
    number = begin(whole(segment(), channels=("wecom", "email")))
    test = page(opened, number, step="schedule")

    def hours():
        faultless(test.run())
        return next(one.label for one in test.radio if "免打扰" in one.label)

    assert "（21:00–08:00）" in hours()
    connector_parts.add(home(), "wecom", is_on=True, now=now(), quiet_start="22:30", quiet_end="07:00")
    assert "（企业微信（一对一）：22:30–07:00、邮件：21:00–08:00）" in hours()
    connector_parts.add(home(), "email", is_on=True, now=now(), quiet_start="00:00", quiet_end="00:00")
    assert "邮件：不设" in hours()


def test_expiry_before_the_beginning_is_missing_from_no_list(opened):
    fill()
    past = now() - timedelta(days=1)
    number = begin(whole(segment(), schedule=Schedule("now", None, None, past)))
    assert "已经过去" in said(page(opened, number, "check"))


@pytest.mark.parametrize(("role", "is_way"), [("admin", True), ("manager", False)])
def test_a_channel_that_nothing_is_switched_on_for_is_told_where_it_is_chosen_and_checked(opened, role, is_way):
    fill()
    number = begin(whole(segment()))
    test = faultless(page(opened, number, "audience", role=role))
    assert "企业微信（一对一）：还没有启用的发送渠道" in said(test)
    assert ('href="/connectors?' in "".join(part.value for part in test.html)) == is_way
    test.query_params["step"] = "check"
    assert "还没有启用的发送渠道" in said(faultless(test.run()))
    with home().store.transaction() as session:
        values = {"name": "w", "kind": "wecom", "channel": "wecom", "settings": {}}
        connectors.add(session, values, by="lin", now=now()).is_on = True
    assert "还没有启用的发送渠道" not in said(test.run())
