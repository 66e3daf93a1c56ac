"""人群, through the frame: building, counting, saving, two beside each other, tags, lists from elsewhere, and what is refused."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs

import pandas as pd
import pytest

from core.store import segments
from core.work import segments as work
from dashboard.actions import exports
from dashboard.data import definitions
from dashboard.data import people as data
from dashboard.web import wiring
from dashboard.widgets.segments import links, tree
from tests import lakes
from tests.dashboard.pages.conftest import go, options, said
from tests.dashboard.pages.test_community import follow, html, table, tile

NOV = lakes.at("2026-11-02 02:00")
WOMEN = {"profile": "gender", "op": "is", "values": ["f"]}
BUYERS = {"value": "orders", "op": "at_least", "values": [1]}
NESTED = {
    "all": [
        WOMEN,
        {"any": [{"profile": "city", "op": "is", "values": ["上海"]}, BUYERS]},
        {"not": {"profile": "unit", "op": "is", "values": ["u2"]}},
    ]
}


def fill(home=None):
    """Members 1 to 60: even ones women, 1 to 40 of 上海, from 31 on of unit u2; 1 to 36 bought once in November."""
    home = home or wiring.house().live
    profiles = [
        {"identity_key": who, "gender": "m" if who % 2 else "f", "city": "上海" if who <= 40 else "苏州", "unit_id": "u1" if who <= 30 else "u2",
         "joined_at": NOV, "tier": "黑卡" if who <= 3 else "silver"}
        for who in range(1, 61)
    ]  # fmt: skip
    events = [
        lakes.event(who, (NOV + timedelta(days=who % 5)).isoformat(), "page_view", channel="app")
        for who in range(1, 61)
    ]
    lines = [
        lakes.sale(who, (NOV + timedelta(days=2)).isoformat(), f"o{who}", 100, channel="store") for who in range(1, 37)
    ]
    consents = [
        {
            "identity_key": who,
            "occurred_at": NOV,
            "purpose": "marketing",
            "channel": None,
            "state": "given" if who != 2 else "withdrawn",
        }
        for who in range(1, 11)
    ]
    events.append(lakes.event(1, NOV.isoformat(), "join_group", channel="app"))
    events.append(lakes.event(1, NOV.isoformat(), "page_view", channel="mini_program", source="wx"))
    openids = [
        {"identity_key": who, "identity_type": "openid", "namespace": "wx" if who < 9 else "till"}
        for who in range(1, 11)
    ]
    joined = [{"identity_key": 1, "occurred_at": NOV, "group_id": "g1", "change": "join"}]
    units = [{"unit_id": "u1", "name": "东区"}, {"unit_id": "u2", "name": "西区"}]
    lakes.add(
        home,
        1,
        units=units,
        member_profiles=profiles,
        events=events,
        order_lines=lines,
        consents=consents,
        group_membership=joined,
        identities=openids,
    )
    return home


def page(opened, part="list", where=None, role="analyst", language="zh", units=None, **query):
    test = opened("catalog", role, language, units=units)
    test.query_params["part"] = part
    if where is not None:
        test.query_params["d"] = links.packed({"v": 1, "where": where})
    for name, value in query.items():
        test.query_params[name] = value
    return go(test, "segments")


def counted(test):
    """The number that is told."""
    found = re.search(r'id="sg-count"[^>]*><b>(.*?)</b>', html(test))
    return unescape(found[1]) if found else None


def sentence(test):
    return unescape(re.search(r'id="sg-sentence"[^>]*>(.*?)</p>', html(test))[1])


def shown(test):
    """The definition that the address holds."""
    text = test.query_params["d"]
    return links.unpacked(text[0] if isinstance(text, list) else text)


def widget(test, kind, part, place=0):
    """A field of a condition, by its part; several conditions stand in their order."""
    found = [one for one in getattr(test, kind) if re.fullmatch(rf"sg_\d+_{part}", one.key or "")]
    return found[place]


def saved(test):
    home = wiring.house().live
    with home.store.reading() as session:
        return {one.name: one for one in work.segments.listed(session)}


def sizes(number):
    with wiring.house().live.store.reading() as session:
        return segments.sizes(session, number)


def keep(name, where, kind="live", who=None):
    home = wiring.house().live
    operator = who.operator
    save = work.save_live if kind == "live" else work.save_static
    return save(home, wiring.accounts_store(), operator, name, {"v": 1, "where": where}, now=wiring.now()).id


# -- the builder -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "tells", "count"),
    [
        ("zh", "性别是“女”，并且（城市是“上海”，或者累计下单至少 1 次），但排除经营单元是“西区”的人。", "15 人"),
        ("en", "but not those who", "15 members"),
    ],
)
def test_a_definition_of_the_address_is_read_back_and_counted(opened, language, tells, count):
    fill()
    test = page(opened, "build", NESTED, language=language)
    assert not test.exception
    assert tells in sentence(test)
    assert counted(test) == count
    assert shown(test) == {"v": 1, "where": NESTED}
    boxes = [one.value for one in test.segmented_control if (one.key or "").endswith("_box")]
    assert boxes == ["all", "any", "none"]


@pytest.mark.parametrize(("language", "words"), [("zh", "填好第一个条件后"), ("en", "Fill in the first condition")])
def test_an_empty_builder_says_how_to_begin(opened, language, words):
    fill()
    test = page(opened, "build", language=language)
    assert words in said(test)
    assert counted(test) is None
    assert "d" not in test.query_params


def test_conditions_are_added_filled_in_and_undone(opened):
    fill()
    test = page(opened, "build")
    next(one for one in test.button if re.fullmatch(r"sg_\d+_row", one.key or "")).click().run()
    assert "还没填完" in said(test)
    assert counted(test) is None
    widget(test, "multiselect", "values").set_value(["f"]).run()
    assert counted(test) == "30 人"
    assert shown(test)["where"] == {"all": [WOMEN]}
    widget(test, "selectbox", "kind").set_value("value").run()
    widget(test, "selectbox", "name").set_value("orders").run()
    widget(test, "number_input", "end0").set_value(1).run()
    assert shown(test)["where"] == {"all": [BUYERS]}
    assert counted(test) == "36 人"
    for _ in range(3):
        test.button(key="sg_undo").click().run()
    assert shown(test)["where"] == {"all": [WOMEN]}
    assert counted(test) == "30 人"
    test.button(key="sg_clear").click().run()
    assert "d" not in test.query_params


def test_what_somebody_did_is_said_in_words_of_its_own(opened):
    fill()
    event = {
        "event": ["order_placed"],
        "measure": "count",
        "op": "at_least",
        "values": [1],
        "window": {"days": 30},
        "where": [],
    }
    test = page(opened, "build", event)
    assert widget(test, "selectbox", "op").value == "did"
    assert counted(test) == "36 人"
    assert widget(test, "multiselect", "events").options == [
        "浏览页面",
        "下单",
        "入群（行为事件）",
        "入群（群成员进出记录）",
        "退群",
    ]
    widget(test, "selectbox", "op").set_value("did_not").run()
    assert counted(test) == "24 人"
    widget(test, "selectbox", "op").set_value("at_least").run()
    widget(test, "selectbox", "measure").set_value("amount").run()
    widget(test, "number_input", "end0").set_value(100.0).run()
    assert counted(test) == "36 人"
    assert shown(test)["where"]["all"][0]["measure"] == "amount"
    widget(test, "selectbox", "window").set_value("days").run()
    assert shown(test)["where"]["all"][0]["window"] == {"from": "2026-10-08", "to": "2026-11-06"}


def test_who_is_in_any_group_is_one_choice(opened):
    fill()
    test = page(opened, "build", {"profile": "gender", "op": "is", "values": []})
    widget(test, "selectbox", "name").set_value("is_in_group").run()
    assert counted(test) == "1 人" and "现在在群里" in sentence(test)


@pytest.mark.parametrize(("language", "nobody"), [("zh", "（现在没有人）"), ("en", " (nobody has it now)")])
def test_tiers_are_those_of_the_house_and_say_where_nobody_has_them(opened, language, nobody):
    fill()
    test = page(opened, "build", {"tier": ["basic", "黑卡"]}, language=language)
    every = widget(test, "multiselect", "values").options
    assert [one.endswith(nobody) for one in every] == [False, True, True, True, True]
    assert f"黑卡{nobody}" == every[-1] and f"黑卡{nobody}" in sentence(test)
    assert counted(test).startswith("60")
    own = {"profile": "tier", "op": "is", "values": ["黑卡"]}
    test.query_params["d"] = links.packed({"v": 1, "where": own})
    test.run()
    assert widget(test, "multiselect", "values").options == [{"zh": "银卡", "en": "Silver"}[language], "黑卡"]
    assert counted(test).startswith("3")


def test_a_condition_with_a_fault_says_so_beside_it_and_is_not_counted(opened):
    fill()
    wrong = {"all": [WOMEN, {"value": "orders", "op": "between", "values": [5, 2]}]}
    test = page(opened, "build", wrong)
    assert not test.exception
    assert html(test).count("最低值（或开始日期）要写在前面。") == 2
    assert counted(test) is None
    widget(test, "number_input", "end1").set_value(9).run()
    assert "最低值" not in html(test)
    assert counted(test) == "0 人"


def test_an_address_that_says_nothing_is_told(opened):
    fill()
    test = page(opened, "build")
    for text in ("nonsense", "e30", "eyJ2IjoxfQ", "eyJ2IjoxLCJ3aGVyZSI6eyJwcm9maWxlIjo1fX0"):
        test.query_params["d"] = text
        test.run()
        assert not test.exception
        assert text[:19] in test.warning[0].value
        assert counted(test) is None


def test_a_name_that_does_not_exist_is_refused_in_words(opened):
    fill()
    event = {"event": ["flying"], "measure": "count", "op": "at_least", "values": [1], "window": None, "where": []}
    test = page(opened, "build", event)
    assert not test.exception
    assert counted(test) is None
    assert "flying" in html(test)


def test_json_is_taken_or_its_fault_named_by_its_path(opened):
    fill()
    test = page(opened, "build", WOMEN)
    test.session_state["sg_json_fold"] = True
    test.run()
    area = test.text_area(key="sg_json")
    area.set_value('{"v": 1, "where": {"any": [{"value": "orders", "op": "at_least", "values": ["1"]}]}}')
    submit(test, "应用").click().run()
    assert "where.any[0].values[0]" in html(test)
    assert counted(test) == "30 人"
    test.text_area(key="sg_json").set_value('{"v": 1, "where": {"value": "orders", "op": "at_least", "values": [1]}}')
    submit(test, "应用").click().run()
    assert "where.any[0]" not in html(test)
    assert counted(test) == "36 人"


def submit(test, label):
    return next(one for one in test.button if one.label == label)


def test_every_kind_of_condition_and_every_field_can_be_drawn(opened):
    fill()
    test = page(opened, "build", WOMEN)
    for kind in tree.LEAVES:
        widget(test, "selectbox", "kind").set_value(kind).run()
        assert not test.exception, kind
        for name in definitions.names(kind) if kind != "event" else ():
            widget(test, "selectbox", "name").set_value(name).run()
            assert not test.exception, name
    for op in ("between", "at_most"):
        widget(test, "selectbox", "kind").set_value("profile").run()
        widget(test, "selectbox", "name").set_value("joined_on").run()
        widget(test, "selectbox", "op").set_value(op).run()
        assert not test.exception


def test_every_template_can_be_asked(opened):
    fill()
    test = page(opened, "build")
    given = [link for link in options(test).values() if link.startswith("part=build&d=")]
    assert len(given) >= 6
    for link in given:
        test.query_params["d"] = parse_qs(link)["d"][0]
        test.run()
        assert not test.exception
        assert counted(test) is not None or "fault" in html(test)


# -- saving, and what is saved -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "note", "count"),
    [("zh", "已保存动态人群“女会员”，现有 30 人", "30 人"), ("en", "Live segment “女会员” is saved", "30 members")],
)
def test_what_was_built_is_saved_opened_and_lists_its_people(opened, language, note, count):
    fill()
    test = page(opened, "build", WOMEN, language=language)
    test.session_state["sg_save"] = True
    test.run()
    test.text_input(key="sg_save_name").set_value("女会员").run()
    test.button(key="sg_save_new").click().run()
    assert note in said(test)
    assert counted(test) == count
    assert saved(test)["女会员"].tree == {"v": 1, "where": {"all": [WOMEN]}}
    rows = table(test)
    assert rows.iloc[0].tolist()[0] == "女会员"
    assert rows.iloc[0].tolist()[2] == 30
    follow(test, "people-fit")
    assert count.split(" ")[0] in said(test)
    for key in ("sg", "sg_who"):
        del test.query_params[key]
    test.query_params["part"] = "build"
    test.run()
    assert counted(test) is None


def test_a_name_that_is_taken_is_refused(opened):
    fill()
    test = page(opened, "build", WOMEN)
    keep("女会员", WOMEN, who=test.who)
    test.session_state["sg_save"] = True
    test.run()
    test.text_input(key="sg_save_name").set_value("女会员").run()
    test.button(key="sg_save_new").click().run()
    assert "女会员" in "".join(str(one.value) for one in test.error)


def test_what_is_not_filled_in_cannot_be_saved(opened):
    fill()
    test = page(opened, "build", {"all": [WOMEN, {"tag": []}]})
    assert counted(test) == "30 人"
    assert test.button(key="sg_save_off").disabled
    assert "1 个条件没填完" in html(test)


def test_a_live_segment_gets_other_conditions_and_another_name(opened):
    fill()
    test = page(opened, "build", BUYERS)
    test.session_state["sg_save"] = True
    test.run()
    test.text_input(key="sg_save_name").set_value("买家").run()
    test.button(key="sg_save_new").click().run()
    number = saved(test)["买家"].id
    assert counted(test) == "36 人"
    follow(test, "sg-edit")
    widget(test, "number_input", "end0").set_value(2).run()
    test.button(key="sg_change").click().run()
    assert not test.exception
    assert counted(test) == "0 人"
    assert "“买家”的条件已更新" in said(test)
    assert [one.member_count for one in sizes(number)] == [36, 0] and 'id="sg-moves"' not in html(test)
    test.session_state["sg_rename_fold"] = True
    test.run()
    test.text_input(key="sg_rename").set_value("多次买家")
    submit(test, "改名").click().run()
    assert list(saved(test)) == ["多次买家"]


@pytest.mark.parametrize(
    ("language", "mine", "theirs"),
    [("zh", "累计下单至少 3 次。", "累计下单至少 2 次。"), ("en", "3", "2")],
)
def test_who_comes_second_sees_both_and_chooses(opened, language, mine, theirs):
    fill()
    test = page(opened, "list", language=language)
    number = keep("买家", BUYERS, who=test.who)
    test.query_params["sg"] = str(number)
    test.run()
    follow(test, "sg-edit")
    widget(test, "number_input", "end0").set_value(3).run()
    replace(number, 1, 2, test.who)
    test.button(key="sg_change").click().run()
    assert orders(number) == 2
    test.run()  # as a refresh does
    for part, words in (("mine", mine), ("theirs", theirs)):
        assert words in unescape(re.search(rf'id="sg-{part}">.*?<dd>(.*?)</dd>', html(test))[1])
    assert test.who.operator.name in test.warning[0].value
    assert not [one for one in test.button if one.key == "sg_change"]
    test.button(key="sg_take_theirs").click().run()
    assert shown(test)["where"]["all"][0]["values"] == [2]
    assert 'id="sg-mine"' not in html(test)
    widget(test, "number_input", "end0").set_value(3).run()
    replace(number, 2, 4, test.who)
    test.run()
    replace(number, 3, 5, test.who)
    test.button(key="sg_take_mine").click().run()
    assert orders(number) == 5  # not what was shown
    test.button(key="sg_take_mine").click().run()
    assert orders(number) == 3
    assert not test.exception


def replace(number, revision, least, who):
    """Somebody else gives the segment other conditions."""
    tree = {"v": 1, "where": {**BUYERS, "values": [least]}}
    work.change(
        wiring.house().live,
        wiring.accounts_store(),
        who.operator,
        number,
        revision=revision,
        tree=tree,
        now=wiring.now(),
    )


def orders(number):
    with wiring.house().live.store.reading() as session:
        where = segments.one(session, number).tree["where"]
    return where.get("all", [where])[0]["values"][0]


def test_a_snapshot_keeps_the_people_of_now(opened):
    fill()
    test = page(opened, "list")
    number = keep("买家", BUYERS, who=test.who)
    test.query_params["sg"] = str(number)
    test.session_state["sg_snapshot_fold"] = True
    test.run()
    submit(test, "存快照").click().run()
    kinds = sorted((one.kind, one.member_count) for one in saved(test).values())
    assert kinds == [("live", 36), ("static", 36)]


def test_what_others_use_is_not_archived(opened):
    fill()
    test = page(opened, "list")
    number = keep("买家", BUYERS, who=test.who)
    other = keep("女买家", {"all": [WOMEN, {"segment": [number]}]}, who=test.who)
    test.query_params["sg"] = str(number)
    test.session_state["sg_archive_fold"] = True
    test.run()
    assert "女买家" in said(test)
    assert not [one for one in test.button if one.key == "sg_archive"]
    test.query_params["sg"] = str(other)
    test.session_state["sg_archive_fold"] = True
    test.run()
    assert "“买家”" in sentence(test)
    test.button(key="sg_archive").click().run()
    assert list(saved(test)) == ["买家"]


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有人群"), ("en", "No segments yet")])
def test_no_segments_say_how_to_make_one(opened, language, words):
    fill()
    assert words in said(page(opened, "list", language=language))


@pytest.mark.parametrize(("language", "words"), [("zh", "还没有会员数据"), ("en", "No members yet")])
def test_an_empty_lake_says_what_to_do(opened, language, words):
    assert words in said(page(opened, "list", language=language))


def test_executives_see_sizes_and_no_people(opened):
    fill()
    test = page(opened, "build", WOMEN, role="executive")
    assert counted(test) == "30 人"
    assert 'id="people-fit"' not in html(test)
    assert not [one for one in test.button if (one.key or "").startswith("sg_save")]
    for part in ("list", "overlap", "tags"):
        test.query_params["part"] = part
        assert not test.run().exception
    test.query_params["part"] = "build"
    test.run()
    test.query_params["sg_who"] = "fit"
    test.run()
    assert "sg_who" not in test.query_params
    test.query_params["part"] = "import"
    test.run()
    assert "您的角色不能导入名单" in said(test)
    assert not [one for one in test.button if one.key == "li_check"]


def test_a_scope_counts_its_own_members(opened):
    fill()
    test = page(opened, "build", WOMEN, role="manager", units=["u2"])
    assert counted(test) == "15 人"
    assert "共 30 人" in html(test)


def test_any_page_can_be_cut_by_a_segment(opened):
    fill()
    test = page(opened, "list")
    number = keep("西区", {"profile": "unit", "op": "is", "values": ["u2"]}, who=test.who)
    test.query_params["sg"] = str(number)
    test.run()
    assert f'href="/overview?segment={number}"' in html(test)
    for key in list(test.query_params):
        del test.query_params[key]
    test.query_params["segment"] = str(number)
    go(test, "overview")
    assert test.selectbox(key="segment").value == number


# -- reach -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "gate"), [("zh", "已同意接收营销"), ("en", "Agreed to marketing")])
def test_consent_is_a_gate_whose_people_can_be_opened(opened, language, gate):
    fill()
    test = page(opened, "build", WOMEN, language=language, sg_ch="sms")
    assert gate in html(test)
    stopped = unescape(re.search(r'id="reach-sms-consent-lost"[^>]*>(.*?)</a>', html(test))[1])
    assert stopped == "−26"
    test.query_params["sg_who"] = "reach.sms.consent.lost"
    test.run()
    assert "26" in said(test)
    assert not test.exception
    test.query_params["sg_ch"] = "mini_program"
    test.run()
    assert {"zh": "wx（它的记录 100% 发生在小程序）", "en": "wx (100% of its rows happened on"}[language] in said(test)
    assert {"zh": "没有算进来的来源：till。", "en": "left out: till."}[language] in said(test)


# -- two beside each other ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "chance"), [("zh", "碰巧重叠约 18 人"), ("en", "By chance about 18")])
def test_two_segments_are_told_apart(opened, language, chance):
    fill()
    test = page(opened, "list", language=language)
    one, other = keep("女", WOMEN, who=test.who), keep("买家", BUYERS, who=test.who)
    test.query_params["part"], test.query_params["ov_a"], test.query_params["ov_b"] = "overlap", str(one), str(other)
    test.run()
    figures = [tile(test, f"overlap-{part}")[0].split(" ")[0] for part in ("only_a", "both", "only_b")]
    assert figures == ["12", "18", "18"]
    assert chance in said(test)
    follow(test, "people-both")
    assert "18" in said(test)
    assert not test.exception


def test_one_segment_alone_is_not_compared(opened):
    fill()
    test = page(opened, "overlap")
    assert "至少要有两个人群" in said(test)


# -- tags --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "given", "lose", "undone"),
    [
        (
            "zh",
            "已给 36 人打上“茶会”",
            "撤销后 12 人会失去这个标签。另有 18 人在别的批次里也打过",
            "已撤销：从 36 人去掉",
        ),
        ("en", "36 got “茶会”", "Undoing takes it from 12 members. 18 members more got it", "36 members lost it"),
    ],
)
def test_a_tag_is_made_given_and_undone(opened, language, given, lose, undone):
    fill()
    test = page(opened, "tags", language=language)
    keep("买家", BUYERS, who=test.who)
    test.session_state["tg_new"] = True
    test.run()
    test.text_input(key="tg_new_name").set_value("茶会").run()
    test.button(key="tg_create").click().run()
    assert counted(test) in ("0 人", "0 members")
    test.session_state["tg_give_fold"] = True
    test.run()
    test.text_input(key="tg_give_reason").set_value("签到").run()
    test.button(key="tg_give").click().run()
    assert given in said(test)
    assert counted(test) in ("36 人", "36 members")
    first = test.selectbox(key="tg_undo_of").value
    women = keep("女", WOMEN, who=test.who)
    test.session_state["tg_give_fold"] = True
    test.run()
    test.selectbox(key="tg_give_segment").set_value(women).run()
    test.button(key="tg_give").click().run()
    assert test.selectbox(key="tg_undo_of").value > first  # the newest is offered first
    assert lose in said(test)
    test.button(key="tg_undo").click().run()
    assert counted(test) in ("36 人", "36 members")
    assert test.selectbox(key="tg_undo_of").value == first
    test.button(key="tg_undo").click().run()
    assert undone in said(test)
    assert counted(test) in ("0 人", "0 members")


def test_a_rule_of_a_tag_is_built_like_a_segment(opened):
    fill()
    test = page(opened, "build", BUYERS, sg_as="behavioural")
    test.session_state["sg_save"] = True
    test.run()
    assert test.radio(key="sg_save_kind").value == "behavioural"
    test.text_input(key="sg_save_name").set_value("买过").run()
    test.button(key="sg_save_new").click().run()
    assert "已保存标签“买过”" in said(test)
    assert counted(test) == "36 人"
    assert sentence(test) == "累计下单至少 1 次。"
    follow(test, "tg-edit")
    assert "修改“买过”的条件" in said(test)
    widget(test, "number_input", "end0").set_value(2).run()
    test.button(key="sg_change").click().run()
    assert counted(test) == "0 人" and "标签“买过”的规则已更新" in said(test)


def test_a_predicted_tag_needs_a_prediction(opened):
    fill()
    test = page(opened, "build", BUYERS, sg_as="predicted")
    test.session_state["sg_save"] = True
    test.run()
    test.text_input(key="sg_save_name").set_value("将买").run()
    test.button(key="sg_save_new").click().run()
    assert "请存为行为标签" in test.error[0].value


# -- lists from elsewhere ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "note"), [("zh", "已把 2 人存为人群“名单”"), ("en", "2 members saved as segment “名单”")]
)
def test_a_pasted_list_becomes_a_segment(opened, language, note):
    fill()
    test = page(opened, "import", language=language)
    test.text_area(key="li_text").set_value("13800000001\nM-7F3A2C\n4611686018427387904").run()
    assert test.selectbox(key="li_kind").value == "member"  # as most of them look
    test.text_area(key="li_text").set_value("1\n2\n2\n\n7777\n").run()
    test.button(key="li_check").click().run()
    assert [tile(test, f"li-{name}")[0] for name in ("lines", "matched", "repeated", "missed")] == ["4", "2", "1", "1"]
    test.text_input(key="li_name").set_value("名单").run()
    test.button(key="li_save").click().run()
    assert note in said(test)
    assert saved(test)["名单"].member_count == 2
    assert test.session_state["li_text"] == ""


def test_lines_of_a_file_are_told_by_their_place_in_it(opened):
    fill()
    test = page(opened, "import")
    test.segmented_control(key="li_way").set_value("file").run()
    test.file_uploader(key="li_file").set_value(("名单.csv", "姓名,手机\n王,13800000001\n".encode(), "text/csv")).run()
    assert (test.selectbox(key="li_column").value, test.selectbox(key="li_kind").value) == ("手机", "phone")
    test.selectbox(key="li_kind").set_value("member").run()
    for text, bare, lines, line in (
        ("编号\n1\n\n7777\n2\n", False, "3", 4),
        ("100001\n1\n2\n", True, "3", 1),
        ("编号\n\n", False, None, None),
    ):
        test.file_uploader(key="li_file").set_value(("名单.csv", text.encode("gbk"), "text/csv")).run()
        assert test.toggle(key="li_bare").value is bare
        test.button(key="li_check").click().run()
        if lines is None:
            assert "名单是空的" in "".join(str(one.value) for one in test.error)
            continue
        assert [tile(test, f"li-{name}")[0] for name in ("lines", "matched", "missed")] == [lines, "2", "1"]
        (missed,) = [one.value for one in test.dataframe]
        assert missed.iloc[0, 0] == line
    people = pd.DataFrame({"member_id": [1, 2, 3], "value": [1, 1, 1]})
    listed = data.table(
        data.People("", people, {}, "stock_end", "rows", 3, 3, "CNY", 1), ("会员", "会员编号", "记录数")
    )
    test.file_uploader(key="li_file").set_value(("siyu.csv", exports.as_csv(listed), "text/csv")).run()
    for column in ("会员", "会员编号"):
        test.selectbox(key="li_column").set_value(column).run()
        test.button(key="li_check").click().run()
        assert [tile(test, f"li-{name}")[0] for name in ("lines", "matched", "missed")] == ["3", "3", "0"]
    assert not test.exception


def test_an_empty_list_is_refused(opened):
    fill()
    test = page(opened, "import")
    test.button(key="li_check").click().run()
    assert "名单是空的" in "".join(str(one.value) for one in test.error)
